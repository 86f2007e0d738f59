/* SPDX-License-Identifier: MIT */
/* A whole simulated device: flash as its profile says, and its two programs, the boot loader
 * (core/boot.c) and the part of the application that receives and accepts packages.  They share
 * nothing but the flash.  Power may fail in any flash operation. */
#ifndef FOTA_SIM_POWERCUT_DEVICE_H
#define FOTA_SIM_POWERCUT_DEVICE_H

#include "core/boot.h"
#include "core/profile.h"
#include "core/staging.h"
#include "core/trial.h"
#include "sim/flash_sim.h"
#include <setjmp.h>

enum fota_sim_end {
    FOTA_SIM_STARTED,   /* boot loader: the image in `slot` is started */
    FOTA_SIM_RESET,     /* the program asks for a reset */
    FOTA_SIM_RECOVERY,  /* boot loader: no valid image */
    FOTA_SIM_REFUSED,   /* application: the package, for the reason `err` */
    FOTA_SIM_POWER_CUT, /* in a flash operation */
    FOTA_SIM_STUCK,     /* did not end within FOTA_SIM_POLLS_MAX polls */
};

#define FOTA_SIM_POLLS_MAX   1000000U
#define FOTA_SIM_CONSOLE_MAX 8192U

struct fota_sim_bytes {
    const uint8_t *at;
    uint32_t n_bytes;
};

struct fota_sim_device {
    struct fota_sim_power power;
    struct fota_sim_flash flash[FOTA_PROFILE_FLASHES_MAX];
    uint32_t n_flash;
    struct fota_profile profile;
    struct fota_device device; /* as both programs see it */
    void *work;                /* the decoder's */
    uint8_t *memory;           /* of all flash devices */
    jmp_buf cut;
    /* what the last run left */
    enum fota_err err;
    unsigned slot;
    unsigned most_ops_in_a_poll;
    char console[FOTA_SIM_CONSOLE_MAX]; /* what the boot loader printed, NUL-terminated */
    size_t console_bytes;
    /* RAM of the programs */
    struct fota_boot boot;
    struct fota_journal journal;
    struct fota_staging staging;
    struct fota_package_check check;
    struct fota_trial trial;
};

/* Build the device a profile describes, blank.  `lies`: torn cells may lie.  `verifier` and
 * `product` are borrowed.  FOTA_E_NOMEM, FOTA_E_PROFILE.  fota_sim_device_free() in the end. */
FOTA_NODISCARD enum fota_err
fota_sim_device_init(struct fota_sim_device *d, const struct fota_profile *profile, bool lies,
                     const struct fota_verifier *verifier, const char *product);
void fota_sim_device_free(struct fota_sim_device *d);
/* Put an image into slot 0 with the identity record that belongs to it. */
void fota_sim_device_provision(struct fota_sim_device *d, struct fota_sim_bytes image,
                               const char *version, uint32_t security_counter);
/* Whether slot `slot` begins with exactly this image, as it reads now. */
bool fota_sim_device_holds(struct fota_sim_device *d, unsigned slot,
                           struct fota_sim_bytes image);

/* One boot of the boot loader. */
enum fota_sim_end fota_sim_device_boot(struct fota_sim_device *d);
/* One run of the application: receive a package, going on where an earlier run stood if the
 * bytes there are the package's; check it; ask for the update. */
enum fota_sim_end
fota_sim_device_receive(struct fota_sim_device *d, struct fota_sim_bytes package);

/* One run of the application that is on trial: it confirms itself. */
enum fota_sim_end fota_sim_device_confirm(struct fota_sim_device *d);

/* For fota_sim_flash.is_excepted: whether a program writes a copy of a journal record, which
 * the contract excepts (doc/design.md 5, rule 3a). */
bool fota_sim_is_recommit(const uint8_t *src, uint32_t n_bytes);

/* Breaches of the flash contract so far, over all flash devices. */
uint64_t fota_sim_device_violations(const struct fota_sim_device *d);

#endif
