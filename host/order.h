/* SPDX-License-Identifier: MIT */
/* In place: in which order, and in units of which sectors, the new image is best written, so
 * that little of what is still to be copied is overwritten and lost.  doc/codec.md 10. */
#ifndef FOTA_HOST_ORDER_H
#define FOTA_HOST_ORDER_H

#include "host/parse.h"
#include "host/plan.h"

/* Ways to try, the most promising one first. */
struct fota_orders {
    struct fota_plan_choice *at;
    uint32_t n;
};

/* Orders for `plan` (of fota_plan_begin()).  `ops`: the copies as they would be if all of the
 * old image could be read all the time.  At most `n_most`, at least one.  FOTA_E_NOMEM. */
FOTA_NODISCARD enum fota_err
fota_orders_find(struct fota_orders *out, const struct fota_plan *plan,
                 const struct fota_ops *ops, struct fota_bytes new_image,
                 const struct fota_encode_options *options, uint32_t n_most);
void fota_orders_free(struct fota_orders *orders);

#endif
