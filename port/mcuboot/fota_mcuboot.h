/* SPDX-License-Identifier: MIT */
/* Beside MCUboot: the application decodes a package from the primary slot into the secondary
 * one, by the core's updater, and marks that as MCUboot's boot_set_pending() does; MCUboot then
 * checks its own signature and swaps at the next reset.  The primary slot is never written.
 *
 * Images are what imgtool signs, without padding: header, program, TLVs.  A package is planned
 * for two slots, whose areas are what fota_mcuboot_init() leaves of MCUboot's slots.  Places in
 * the trailer: MCUboot, docs/design.md, "Image Trailer".  How to use it: doc/porting.md. */
#ifndef FOTA_PORT_MCUBOOT_H
#define FOTA_PORT_MCUBOOT_H

#include "core/updater.h"

enum fota_mcuboot_mode {
    FOTA_MCUBOOT_SCRATCH, /* swap with a scratch area; also overwrite-only */
    FOTA_MCUBOOT_MOVE,    /* last sector of the primary slot's images is kept free */
    FOTA_MCUBOOT_OFFSET,  /* images in the secondary slot begin in its second sector */
};

/* The slots as in MCUboot's flash map, and how MCUboot was configured.  Both slots have sectors
 * of the same sizes. */
struct fota_mcuboot_slots {
    struct fota_area primary;
    struct fota_area secondary;
    enum fota_mcuboot_mode mode;
    uint32_t max_align;   /* BOOT_MAX_ALIGN: 8, 16 or 32; at least the program unit */
    uint32_t max_sectors; /* BOOT_MAX_IMG_SECTORS */
};

/* Fields are private. */
struct fota_mcuboot {
    struct fota_mcuboot_slots slots;
    struct fota_flash guarded; /* the primary's flash without its program and erase */
    struct fota_device *device;
    uint8_t stage; /* enum of fota_mcuboot.c */
    uint8_t field; /* of the trailer, being written */
    uint8_t tries;
    bool permanent;
    uint32_t n_trailer; /* sectors of the secondary slot that hold trailer */
    uint32_t at;        /* sectors erased, or bytes of the field written */
    union {
        struct {
            struct fota_sha256 sha;
            uint32_t n_bytes;
            uint32_t off;
            uint8_t header[32]; /* of the running image */
            struct fota_record_write write;
        } identify;
        struct fota_updater updater;
    } u;
};

/* Bytes at a slot's end that MCUboot may use while it swaps: 3 program units for each sector,
 * four fields (five by offset), the magic.  Without encryption keys. */
uint32_t fota_mcuboot_trailer_bytes(const struct fota_mcuboot_slots *slots);

/* Set `m` up, and the areas SLOT and SLOT2 of `device`: sectors that images may take in either
 * slot.  Packages with a trial of ours are refused: MCUboot has its own.  Changes no flash. `m`
 * and `device` must stay where they are; the other areas of the device (staging, journal,
 * identity, settings; no scratch) and the rest of it are the caller's. FOTA_E_PROFILE: nothing
 * is left for an image, unequal sectors, max_align. */
FOTA_NODISCARD enum fota_err
fota_mcuboot_init(struct fota_mcuboot *m, const struct fota_mcuboot_slots *slots,
                  struct fota_device *device);
/* Begin to find out what runs: length, hash and version ("1.2.3+4", as in the image header) of
 * the image in the primary slot become the identity record, unless they are that already. At
 * every start of the application, before anything reads the identity: MCUboot may have swapped,
 * or swapped back. */
void fota_mcuboot_identify(struct fota_mcuboot *m);
/* Begin, or go on with, the update that `journal` (loaded, phase RUN) asks for.  `work`: as for
 * fota_updater_open().  permanent: MCUboot does not swap back; otherwise the new application
 * confirms itself (boot_write_img_confirmed()), or the old one comes back.
 *
 * A power cut leaves no mark, or the whole image and the whole mark.  While the journal says
 * RUN, update again.  The result is recorded before the mark: a cut between the two leaves the
 * old application unmarked, and the update has to be asked for again; so one request never
 * brings an image back that MCUboot has rejected or that was swapped back. */
void fota_mcuboot_update(struct fota_mcuboot *m, struct fota_journal *journal, void *work,
                         bool permanent);
/* One bounded piece of what was begun, at most one erase or program.  FOTA_MORE, FOTA_BUSY: go
 * on.  FOTA_OK: done; behind an update: reset now.
 * Behind identify: FOTA_E_NO_IMAGE (the primary slot holds no image of MCUboot), FOTA_E_IMAGE
 * (an encrypted one: its plain text would be all that a delta can make), FOTA_E_WORN.
 * Behind update: as fota_updater_poll(); the application goes on running. */
FOTA_NODISCARD enum fota_err fota_mcuboot_poll(struct fota_mcuboot *m);

#endif
