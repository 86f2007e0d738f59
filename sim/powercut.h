/* SPDX-License-Identifier: MIT */
/* The power-cut runner: a device receives packages one after the other and applies them, and
 * the power is cut in every operation on the way, with every outcome of the fault model, as
 * deep as asked: cuts in what follows a cut, and so on.  What must hold, always: doc/proof.md.
 */
#ifndef FOTA_SIM_POWERCUT_H
#define FOTA_SIM_POWERCUT_H

#include "sim/powercut_device.h"

#define FOTA_POWERCUT_DEPTH_MAX 3U

/* How the update with a package ends. */
enum fota_powercut_ending {
    FOTA_POWERCUT_PLAIN,       /* no trial */
    FOTA_POWERCUT_CONFIRMED,   /* the application confirms in its first start on trial */
    FOTA_POWERCUT_UNCONFIRMED, /* it never does: what was there before comes back */
};

/* Image 0 is in the device; package i leads to image i + 1, from the image that the packages
 * before it have left. */
struct fota_powercut_story {
    const struct fota_sim_bytes *images;
    const struct fota_sim_bytes *packages;
    unsigned n_packages;
    const enum fota_powercut_ending *endings; /* a null pointer: all PLAIN; no two UNCONFIRMED
                                                 one behind the other */
    unsigned trial_boots;                     /* of packages with a trial */
    uint32_t first_counter;                   /* security counter of the device at first */
    uint32_t counter;                         /* and of every package */
};

struct fota_powercut_cut {
    uint32_t op; /* number of the operation, from 0, after the cut before */
    unsigned outcome;
};

struct fota_powercut_counts {
    uint64_t n_cuts;    /* tried: last cut of every chain */
    uint64_t n_known;   /* of them left a state that had been tried before */
    uint64_t n_ops;     /* of the undisturbed story */
    uint64_t n_singles; /* cuts of the first level */
};

/* Set device, story, and how deep; zero the rest. */
struct fota_powercut {
    struct fota_sim_device *device;
    const struct fota_powercut_story *story;
    unsigned depth;        /* cuts in a chain, 1..FOTA_POWERCUT_DEPTH_MAX */
    unsigned draws;        /* times every outcome is tried: it may be random */
    uint32_t first_op;     /* cut only operations first_op .. of the story: 0 for all */
    uint32_t window;       /* of levels beyond the first: operations tried, 0 for all */
    uint32_t stride;       /* of the first level: every stride-th operation; 0 means 1 */
    bool boot_is_power_up; /* lies change at resets after a cut only, not between programs */
    uint64_t seed;
    struct fota_powercut_counts counts;
    const char *failure; /* static text; a null pointer: none */
    struct fota_powercut_cut path[FOTA_POWERCUT_DEPTH_MAX]; /* of the failure */
    unsigned path_length;
    /* private */
    unsigned done;     /* packages applied, or undone */
    unsigned n_starts; /* on trial, of the package under way */
    unsigned n_lies;   /* cuts that may have left cells that lie */
    bool recording;
    struct fota_powercut_level *levels;
    struct fota_powercut_level *level;
    uint64_t *known;
    size_t n_known;
    size_t known_size;
};

/* Run the story once, from the device as it is, without cuts.  Whether all held. */
bool fota_powercut_run(struct fota_powercut *p);
/* Try all cuts.  The device is left in some state.  Whether all held; else `failure` and `path`
 * say what did not. */
bool fota_powercut_explore(struct fota_powercut *p);
/* `n_chains` chains of up to `length` cuts at random places with random outcomes. */
bool fota_powercut_chains(struct fota_powercut *p, uint32_t n_chains, uint32_t length);
/* Cut the power after `k` operations of every run of a program, from the device as it is, until
 * the story ends or nothing has changed for long.  Whether it ended. */
bool fota_powercut_starve(struct fota_powercut *p, uint32_t k);

#endif
