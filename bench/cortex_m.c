/* SPDX-License-Identifier: MIT */
/* A device on QEMU's mps2-an385 (Cortex-M3) that is updated once: flash is RAM that the
 * emulator has filled from files (bench/decode.py), everything else is the core as it is on a
 * board: package check, journal, updater, decoder.  It prints the instructions that decoding
 * took and compares the image by the hash in the signed head, as every device does. */
#include "board_key.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/le.h"
#include "core/package_check.h"
#include "core/updater.h"
#include "port/monocypher/monocypher_verifier.h"
#include <stddef.h>
#include <string.h>

#define SECTOR       4096U
#define TIMER        ((volatile uint32_t *)0x40000000) /* CMSDK: CTRL, VALUE, RELOAD */
#define INPUT        ((const uint8_t *)0x21000000)     /* what decode.py has put there */
#define FLASH        ((uint8_t *)0x21400000)
#define TICK_INSNS   40U /* 25 MHz; -icount shift=0: an instruction takes 1 ns */
#define DECODER      16384U
#define SEMI_WRITE0  0x04
#define SEMI_EXIT    0x18
#define EXIT_STOPPED 0x20026

static uint8_t work[DECODER] __attribute__((aligned(8)));
static uint64_t decode_ticks;
static uint32_t decoded_bytes;

static void semihost(uint32_t operation, uintptr_t argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register uintptr_t r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void say_number(const char *name, uint64_t value)
{
    char text[24];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    text[--at] = '\n';
    do {
        text[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    semihost(SEMI_WRITE0, (uintptr_t)name);
    semihost(SEMI_WRITE0, (uintptr_t)&text[at]);
}

/* The decoder's calls, timed: the linker puts these in their place. */
enum fota_err __real_fota_delta_open(struct fota_delta **d, void *at, uint32_t n_bytes,
                                     const struct fota_delta_params *params,
                                     const struct fota_delta_source *source);
enum fota_err __real_fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit);
enum fota_err __real_fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes);
enum fota_err __wrap_fota_delta_open(struct fota_delta **d, void *at, uint32_t n_bytes,
                                     const struct fota_delta_params *params,
                                     const struct fota_delta_source *source);
enum fota_err __wrap_fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit);
enum fota_err __wrap_fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes);

enum fota_err __wrap_fota_delta_open(struct fota_delta **d, void *at, uint32_t n_bytes,
                                     const struct fota_delta_params *params,
                                     const struct fota_delta_source *source)
{
    uint32_t begin = TIMER[1];
    enum fota_err err = __real_fota_delta_open(d, at, n_bytes, params, source);
    decode_ticks += begin - TIMER[1];
    return err;
}

enum fota_err __wrap_fota_delta_begin(struct fota_delta *d, const struct fota_delta_unit *unit)
{
    uint32_t begin = TIMER[1];
    enum fota_err err = __real_fota_delta_begin(d, unit);
    decode_ticks += begin - TIMER[1];
    return err;
}

enum fota_err __wrap_fota_delta_read(struct fota_delta *d, uint8_t *dst, uint32_t n_bytes)
{
    uint32_t begin = TIMER[1];
    enum fota_err err = __real_fota_delta_read(d, dst, n_bytes);
    decode_ticks += begin - TIMER[1];
    decoded_bytes += n_bytes;
    return err;
}

static enum fota_err flash_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    memcpy(dst, FLASH + addr, n_bytes);
    return FOTA_OK;
}

static enum fota_err
flash_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    (void)ctx;
    memcpy(FLASH + addr, src, n_bytes);
    return FOTA_OK;
}

static enum fota_err flash_erase(void *ctx, uint32_t addr)
{
    (void)ctx;
    memset(FLASH + addr, 0xFF, SECTOR);
    return FOTA_OK;
}

/* What decode.py says: five words, then the old image, then the package. */
struct input {
    uint32_t old_bytes;
    uint32_t package_bytes;
    uint32_t slot_bytes;
    uint32_t n_scratch;
    uint32_t n_slots;
    const uint8_t *old_image;
    const uint8_t *package;
};

static struct input read_input(void)
{
    struct input in = {.old_bytes = fota_le32(INPUT),
                       .package_bytes = fota_le32(INPUT + 4),
                       .slot_bytes = fota_le32(INPUT + 8),
                       .n_scratch = fota_le32(INPUT + 12),
                       .n_slots = fota_le32(INPUT + 16),
                       .old_image = INPUT + 20};
    in.package = in.old_image + in.old_bytes;
    return in;
}

static struct fota_flash_run run = {2048, SECTOR};
static const struct fota_flash flash = {.runs = &run,
                                        .n_runs = 1,
                                        .program_bytes = 1,
                                        .page_bytes = 256,
                                        .erased = 0xFF,
                                        .read = flash_read,
                                        .program = flash_program,
                                        .erase = flash_erase};

static void lay_out(struct fota_area *area, const struct input *in)
{
    const uint32_t n_bytes[FOTA_AREA_COUNT] = {
        [FOTA_AREA_SLOT] = in->slot_bytes,
        [FOTA_AREA_SLOT2] = in->n_slots == 2 ? in->slot_bytes : 0,
        [FOTA_AREA_STAGING] = (in->package_bytes / SECTOR + 1) * SECTOR,
        [FOTA_AREA_SCRATCH] = in->n_scratch * SECTOR,
        [FOTA_AREA_JOURNAL] = 3 * SECTOR,
        [FOTA_AREA_IDENTITY] = 2 * SECTOR,
        [FOTA_AREA_SETTINGS] = 2 * SECTOR,
    };
    uint32_t addr = 0;
    for (unsigned i = 0; i < FOTA_AREA_COUNT; i++) {
        area[i] = (struct fota_area){&flash, addr, n_bytes[i]};
        addr += n_bytes[i];
    }
    memset(FLASH, 0xFF, addr);
    memcpy(FLASH + area[FOTA_AREA_SLOT].addr, in->old_image, in->old_bytes);
    memcpy(FLASH + area[FOTA_AREA_STAGING].addr, in->package, in->package_bytes);
}

static enum fota_err provision(const struct fota_device *device, const struct input *in)
{
    if (in->old_bytes == 0) return FOTA_OK;
    struct fota_identity identity = {
        .product = "M95", .version = "M95FAR02A07", .image_bytes = in->old_bytes};
    uint8_t record[FOTA_IDENTITY_BYTES];
    struct fota_record_write write;
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, in->old_image, in->old_bytes);
    fota_sha256_final(&sha, identity.image_sha256);
    fota_identity_encode(&identity, record);
    fota_record_write_begin(&write, &device->area[FOTA_AREA_IDENTITY], record, sizeof record,
                            0);
    enum fota_err err;
    do {
        err = fota_record_write_step(&write);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static enum fota_err finish_record(struct fota_journal *journal)
{
    enum fota_err err;
    do {
        err = fota_journal_step(journal);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

/* As the application does with a package that it has received. */
static enum fota_err
accept(struct fota_journal *journal, const struct fota_device *device, uint32_t n_bytes)
{
    static struct fota_package_check check;
    struct fota_snapshot ask;
    const struct fota_snapshot idle = {.phase = FOTA_PHASE_IDLE};
    fota_package_check_begin(&check, device, n_bytes, true);
    enum fota_err err;
    do {
        err = fota_package_check_step(&check);
    } while (err == FOTA_MORE);
    if (err != FOTA_OK) return err;
    fota_package_check_ask(&check, &ask);
    err = fota_journal_load(journal, &device->area[FOTA_AREA_JOURNAL]);
    if (err != FOTA_OK) return err;
    fota_journal_open(journal, &idle);
    err = finish_record(journal);
    if (err != FOTA_OK) return err;
    fota_journal_append(journal, &ask);
    return finish_record(journal);
}

static enum fota_err update(struct fota_journal *journal, const struct fota_device *device)
{
    static struct fota_updater updater;
    enum fota_err err = fota_journal_load(journal, &device->area[FOTA_AREA_JOURNAL]);
    if (err != FOTA_OK) return err;
    fota_updater_open(&updater, device, journal, work);
    do {
        err = fota_updater_poll(&updater);
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

static enum fota_err run_once(void)
{
    static const uint8_t keys[1][FOTA_ED25519_KEY_BYTES] = {BOARD_KEY};
    static struct fota_device device;
    static struct fota_journal journal;
    struct fota_trusted_keys trusted = {keys, 1};
    struct fota_verifier verifier = fota_monocypher_verifier(&trusted);
    struct input in = read_input();
    device.verifier = &verifier;
    device.product = "M95";
    device.decoder_bytes = DECODER;
    device.vendor = device.brand = device.model = device.serial = "";
    lay_out(device.area, &in);
    enum fota_err err = provision(&device, &in);
    if (err == FOTA_OK) err = accept(&journal, &device, in.package_bytes);
    if (err == FOTA_OK) err = update(&journal, &device);
    return err;
}

_Noreturn void reset(void);
_Noreturn void reset(void)
{
    extern uint8_t data_begin[], data_end[], image_data_begin[], bss_begin[], bss_end[];
    memcpy(data_begin, image_data_begin, (size_t)(data_end - data_begin));
    memset(bss_begin, 0, (size_t)(bss_end - bss_begin));
    TIMER[2] = TIMER[1] = 0xFFFFFFFF;
    TIMER[0] = 1;
    enum fota_err err = run_once();
    say_number("result ", (uint64_t)fota_err_code(err));
    say_number("instructions ", decode_ticks * TICK_INSNS);
    say_number("decoded ", decoded_bytes);
    semihost(SEMI_EXIT, EXIT_STOPPED);
    for (;;) {
    }
}

_Noreturn static void fault(void)
{
    say_number("fault ", 1);
    semihost(SEMI_EXIT, EXIT_STOPPED);
    for (;;) {
    }
}

extern uint8_t stack_top[];
__attribute__((section(".vectors"), used)) static const uintptr_t vectors[16] = {
    (uintptr_t)stack_top, (uintptr_t)reset, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault,     (uintptr_t)fault, (uintptr_t)fault};
