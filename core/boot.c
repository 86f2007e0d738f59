/* SPDX-License-Identifier: MIT */
#include "core/boot.h"

enum stage {
    STAGE_LOAD,   /* the journal */
    STAGE_UPDATE, /* it says that one is under way */
    STAGE_RESULT, /* an update ended, but its result stands there only once */
    STAGE_IDENTITY,
    STAGE_VERIFY, /* the image against the identity */
    STAGE_TRIAL,  /* one start less is left */
    STAGE_START,
    STAGE_RESET,
    STAGE_RECOVER,
};

/* ---- the console ---- */

static void print(const struct fota_boot *b, const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    b->put(b->put_ctx, text, n);
}

static void print_number(const struct fota_boot *b, unsigned number)
{
    char digits[3];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + number % 10U);
        number /= 10U;
    } while (number > 0 && n > 0);
    b->put(b->put_ctx, digits + n, sizeof digits - n);
}

/* ` <brand> firmware update <text>`, as the seed (2.3.1) prints its lines. */
static void print_line(const struct fota_boot *b, const char *text)
{
    print(b, " ");
    print(b, b->device->brand);
    print(b, " firmware update ");
    print(b, text);
}

static void print_begin(const struct fota_boot *b)
{
    print_line(b, "is processing....\r\n");
    print(b, ".......RunFirmwareUpdate......\r\n");
}

/* The numbers up to what is durable that this boot has not printed. */
static void print_percent(struct fota_boot *b)
{
    const struct fota_updater *u = &b->part.updater;
    if (!fota_updater_has_begun(u)) return;
    if (!b->percent_known) b->percent_printed = (uint8_t)fota_updater_percent(u);
    b->percent_known = true;
    while (b->percent_printed < fota_updater_percent(u)) {
        b->percent_printed++;
        print(b, " Update  percent = ");
        print_number(b, b->percent_printed);
        print(b, "%\r\n");
    }
}

static void print_failed(const struct fota_boot *b, enum fota_err err)
{
    print_line(b, "failed. status=");
    print_number(b, fota_err_code(err));
    print(b, "\r\n");
}

/* ---- the flow ---- */

void fota_boot_init(struct fota_boot *b, const struct fota_device *device,
                    void (*put)(void *ctx, const char *text, size_t n_bytes), void *put_ctx,
                    void *work)
{
    b->device = device;
    b->put = put;
    b->put_ctx = put_ctx;
    b->work = work;
    b->stage = STAGE_LOAD;
    b->gave_up = false;
    b->percent_known = false;
    b->percent_printed = 0;
}

static void begin_update(struct fota_boot *b)
{
    print_begin(b);
    fota_updater_open(&b->part.updater, b->device, &b->journal, b->work);
    b->stage = STAGE_UPDATE;
}

/* A journal that cannot be read says nothing; the image then speaks for itself. */
static void load(struct fota_boot *b)
{
    enum fota_err err = fota_journal_load(&b->journal, &b->device->area[FOTA_AREA_JOURNAL]);
    const struct fota_snapshot *last = fota_journal_last(&b->journal);
    b->stage = STAGE_IDENTITY;
    if (err < 0 || last == NULL) return;
    switch (last->phase) {
    case FOTA_PHASE_RUN:
    case FOTA_PHASE_BACK:
    case FOTA_PHASE_KEEP:
        begin_update(b);
        break;
    case FOTA_PHASE_RESULT:
        if (fota_journal_is_final(&b->journal)) break;
        fota_journal_open(&b->journal, last);
        b->stage = STAGE_RESULT;
        break;
    case FOTA_PHASE_IDLE:
    case FOTA_PHASE_TRIAL:
        break;
    }
}

static void update(struct fota_boot *b)
{
    enum fota_err err = fota_updater_poll(&b->part.updater);
    print_percent(b);
    if (err == FOTA_MORE || err == FOTA_BUSY) return;
    if (err == FOTA_OK) {
        if (fota_journal_last(&b->journal)->result == 0)
            print_line(b, "success. status=0\r\n");
        else
            print_failed(b, FOTA_E_UNCONFIRMED);
        print(b, "Rebooting....\r\n");
        b->stage = STAGE_RESET;
        return;
    }
    print_failed(b, err);
    b->gave_up = true;
    b->stage = fota_updater_slot_valid(&b->part.updater) ? STAGE_IDENTITY : STAGE_RECOVER;
}

/* Write the result again; where that fails the next boot tries once more. */
static void record_result(struct fota_boot *b)
{
    enum fota_err err = fota_journal_step(&b->journal);
    if (err == FOTA_MORE || err == FOTA_BUSY) return;
    b->stage = STAGE_IDENTITY;
}

static void read_identity(struct fota_boot *b)
{
    struct fota_identity *id = &b->part.verify.identity;
    enum fota_err err = fota_identity_read(id, &b->device->area[FOTA_AREA_IDENTITY]);
    b->stage = err < 0 ? STAGE_RECOVER : STAGE_VERIFY;
    if (err < 0) return;
    fota_image_hash_begin(&b->part.verify.hash, fota_device_slot(b->device, id->slot),
                          id->image_bytes);
}

/* An image on trial: note that it is started, before it is; or go back. */
static void try_image(struct fota_boot *b, const struct fota_snapshot *last, bool whole)
{
    if (!whole || last->trials == 0) {
        begin_update(b);
        return;
    }
    struct fota_snapshot now = *last;
    now.trials--;
    fota_journal_open(&b->journal, &now);
    b->stage = STAGE_TRIAL;
}

/* A journal that takes nothing must not keep the device from starting. */
static void count_trial(struct fota_boot *b)
{
    enum fota_err err = fota_journal_step(&b->journal);
    if (err == FOTA_MORE || err == FOTA_BUSY) return;
    b->stage = STAGE_START;
}

static void verify(struct fota_boot *b)
{
    enum fota_err err =
        fota_image_hash_step(&b->part.verify.hash, b->part.verify.identity.image_sha256);
    if (err == FOTA_MORE) return;
    b->slot = b->part.verify.identity.slot;
    b->stage = err == FOTA_OK ? STAGE_START : STAGE_RECOVER;
    const struct fota_snapshot *last = fota_journal_last(&b->journal);
    if (last != NULL && last->phase == FOTA_PHASE_TRIAL && !b->gave_up)
        try_image(b, last, err == FOTA_OK);
}

enum fota_boot_next fota_boot_poll(struct fota_boot *b)
{
    switch ((enum stage)b->stage) {
    case STAGE_LOAD:
        load(b);
        break;
    case STAGE_UPDATE:
        update(b);
        break;
    case STAGE_RESULT:
        record_result(b);
        break;
    case STAGE_IDENTITY:
        read_identity(b);
        break;
    case STAGE_VERIFY:
        verify(b);
        break;
    case STAGE_TRIAL:
        count_trial(b);
        break;
    case STAGE_START:
        return FOTA_BOOT_START;
    case STAGE_RESET:
        return FOTA_BOOT_RESET;
    case STAGE_RECOVER:
        return FOTA_BOOT_RECOVER;
    }
    return FOTA_BOOT_AGAIN;
}

unsigned fota_boot_slot(const struct fota_boot *b)
{
    return b->slot;
}
