/* SPDX-License-Identifier: MIT */
/* There is no libcurl for the foreign machines: the virtual module has no network there. */
#include "source/transport.h"

enum fota_err fota_curl_open(struct fota_transport *t, const char *url,
                             const struct fota_source_options *options)
{
    (void)t;
    (void)url;
    (void)options;
    return FOTA_E_NETWORK;
}

enum fota_err fota_curl_begin(struct fota_transport *t, const struct fota_request *request,
                              const struct fota_sink *sink, struct fota_attempt *attempt)
{
    (void)t;
    (void)request;
    (void)sink;
    (void)attempt;
    return FOTA_E_NETWORK;
}

enum fota_err fota_curl_step(struct fota_transport *t)
{
    (void)t;
    return FOTA_E_NETWORK;
}
