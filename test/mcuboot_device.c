/* SPDX-License-Identifier: MIT */
/* A simulated device beside MCUboot, for test/system/test_mcuboot.py:
 *
 *     mcuboot_device PROFILE KEY.PUB OLD NEW PACKAGE PRIMARY SECONDARY MODE ALIGN SECTORS SWAP
 * OUT DRAWS
 *
 * PRIMARY and SECONDARY: ADDRESS:BYTES of the whole slots.  MODE: 0, 1, 2 as enum
 * fota_mcuboot_mode.  SWAP: test or permanent.  Receives the package, updates, writes the
 * secondary slot to OUT; then, DRAWS times with every operation of the update, cuts the power
 * there and lets the device go on.  What MCUboot does is played: it looks for the mark. */
#include "module/public_key.h"
#include "port/mcuboot/fota_mcuboot.h"
#include "port/monocypher/monocypher_verifier.h"
#include "sim/powercut_device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum outcome { IDLE, MARKED, CUT, FAILED };
enum { BOOTS_MAX = 4 };

static struct {
    struct fota_sim_device d;
    struct fota_mcuboot m;
    struct fota_mcuboot_slots slots;
    bool permanent;
    struct fota_sim_bytes profile_text, key_text, old_image, new_image, package;
    uint8_t *primary;   /* the whole slot, as it must stay */
    uint8_t *secondary; /* the whole slot, as an undisturbed update leaves it */
    uint8_t *now;       /* room for a slot */
    uint8_t *state;     /* of the flash, when the update is asked for */
    unsigned long n_cuts, n_asked_again;
} b;

#define REQUIRE(condition, ...)                                                                \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            fprintf(stderr, "mcuboot_device: " __VA_ARGS__);                                   \
            fprintf(stderr, " (line %d)\n", __LINE__);                                         \
            exit(1);                                                                           \
        }                                                                                      \
    } while (0)

static struct fota_sim_bytes read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    REQUIRE(f != NULL && fseek(f, 0, SEEK_END) == 0, "%s", path);
    long n = ftell(f);
    uint8_t *bytes = calloc(1, (size_t)n + 1);
    rewind(f);
    REQUIRE(bytes != NULL && fread(bytes, 1, (size_t)n, f) == (size_t)n, "%s", path);
    fclose(f);
    return (struct fota_sim_bytes){bytes, (uint32_t)n};
}

static void read_slot(const struct fota_area *slot, uint8_t *dst)
{
    for (uint32_t off = 0; off < slot->n_bytes; off += 256)
        REQUIRE(fota_area_read(slot, off, dst + off, 256) == FOTA_OK, "read");
}

/* Erase a slot and write bytes from `off` on. */
static void
fill_slot(const struct fota_area *slot, uint32_t off, const uint8_t *bytes, uint32_t n_bytes)
{
    uint32_t page = slot->flash->page_bytes;
    for (uint32_t i = 0; i < fota_area_n_sectors(slot); i++)
        REQUIRE(fota_area_erase(slot, i) == FOTA_OK, "erase");
    for (uint32_t at = 0; at < n_bytes; at += page) {
        uint8_t one[FOTA_PAGE_MAX];
        uint32_t n = n_bytes - at < page ? n_bytes - at : page;
        memset(one, slot->flash->erased, sizeof one);
        memcpy(one, bytes + at, n);
        REQUIRE(fota_area_program(slot, off + at, one, page) == FOTA_OK, "program");
    }
}

/* What MCUboot looks for. */
static bool is_pending(void)
{
    static const uint8_t eight[16] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                      0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
    uint8_t other[16] = {0,    0,    0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b,
                         0x8d, 0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};
    uint8_t magic[16];
    const struct fota_area *slot = &b.slots.secondary;
    other[0] = (uint8_t)b.slots.max_align;
    REQUIRE(fota_area_read(slot, slot->n_bytes - 16, magic, 16) == FOTA_OK, "read");
    return memcmp(magic, b.slots.max_align == 8 ? eight : other, 16) == 0;
}

static enum fota_err run(void)
{
    enum fota_err err;
    do {
        uint64_t before = b.d.power.n_ops;
        err = fota_mcuboot_poll(&b.m);
        REQUIRE(b.d.power.n_ops - before <= 1, "more than one operation in a poll");
    } while (err == FOTA_MORE || err == FOTA_BUSY);
    return err;
}

/* The application from its start until it is idle, or resets for MCUboot. */
static enum outcome run_application(void)
{
    REQUIRE(fota_mcuboot_init(&b.m, &b.slots, &b.d.device) == FOTA_OK, "init");
    if (is_pending()) return MARKED;
    fota_mcuboot_identify(&b.m);
    REQUIRE(run() == FOTA_OK, "identify");
    struct fota_journal *journal = &b.d.journal;
    REQUIRE(fota_journal_load(journal, &b.d.device.area[FOTA_AREA_JOURNAL]) == FOTA_OK,
            "journal");
    const struct fota_snapshot *last = fota_journal_last(journal);
    if (last == NULL || last->phase != FOTA_PHASE_RUN) return IDLE;
    fota_mcuboot_update(&b.m, journal, b.d.work, b.permanent);
    b.d.err = run();
    return b.d.err == FOTA_OK ? MARKED : FAILED;
}

static enum outcome boot(void)
{
    b.d.power.boot++;
    b.d.flash[0].busy_left = 0;
    memset(&b.m, 0xA5, sizeof b.m);
    if (setjmp(b.d.cut) != 0) return CUT;
    return run_application();
}

static void receive(void)
{
    enum fota_sim_end end = fota_sim_device_receive(&b.d, b.package);
    REQUIRE(end == FOTA_SIM_RESET, "package refused: %u", fota_err_code(b.d.err));
}

static void check(void)
{
    read_slot(&b.slots.primary, b.now);
    REQUIRE(memcmp(b.now, b.primary, b.slots.primary.n_bytes) == 0, "primary slot changed");
    if (!is_pending()) return;
    read_slot(&b.slots.secondary, b.now);
    REQUIRE(memcmp(b.now, b.secondary, b.slots.secondary.n_bytes) == 0,
            "marked, and not as it should be");
}

/* The power is back. */
static void go_on(uint32_t op)
{
    for (unsigned i = 0; i < BOOTS_MAX; i++) {
        check();
        switch (boot()) {
        case MARKED:
            check();
            return;
        case IDLE:
            b.n_asked_again++;
            receive();
            break;
        case CUT:
        case FAILED:
            REQUIRE(false, "operation %u: error %u", op, fota_err_code(b.d.err));
        }
    }
    REQUIRE(false, "operation %u: no end", op);
}

static void cut_everywhere(unsigned draws, uint64_t n_ops)
{
    const struct fota_sim_power power = b.d.power;
    static const enum fota_sim_when when[] = {FOTA_SIM_BEFORE, FOTA_SIM_TORN, FOTA_SIM_AFTER};
    for (uint32_t op = 1; op <= n_ops; op++)
        for (unsigned i = 0; i < 2 + draws; i++) {
            fota_sim_flash_load(&b.d.flash[0], b.state);
            b.d.power = power;
            b.d.power.cut_at = power.n_ops + op;
            b.d.power.when = when[i == 0 ? 0 : i == 1 ? 2 : 1];
            b.d.power.outcome = FOTA_SIM_ANY;
            b.d.power.seed = op * 1000U + i;
            REQUIRE(boot() == CUT, "operation %u: no cut", op);
            b.d.power.cut_at = 0;
            b.n_cuts++;
            go_on(op);
        }
}

/* MCUboot has put an image into the primary slot: what the application says it is. */
static void swap(const struct fota_sim_bytes *image, const char *when)
{
    struct fota_identity id;
    const struct fota_area *secondary = &b.slots.secondary;
    fill_slot(&b.slots.primary, 0, image->at, image->n_bytes);
    REQUIRE(fota_area_erase(secondary, fota_area_n_sectors(secondary) - 1) == FOTA_OK, "erase");
    REQUIRE(boot() == IDLE, "%s: not idle", when);
    REQUIRE(fota_identity_read(&id, &b.d.device.area[FOTA_AREA_IDENTITY]) == FOTA_OK, "%s",
            when);
    REQUIRE(id.slot == 0 && id.image_bytes == image->n_bytes, "%s: identity", when);
    printf("%s: %s\n", when, id.version);
}

static struct fota_area area_of(const char *text)
{
    char *end;
    struct fota_area area = {.flash = &b.d.flash[0].port};
    area.addr = (uint32_t)strtoul(text, &end, 0);
    REQUIRE(*end == ':', "%s", text);
    area.n_bytes = (uint32_t)strtoul(end + 1, NULL, 0);
    return area;
}

static void make_device(char **argv)
{
    static struct fota_profile profile;
    static struct fota_profile_fault fault;
    static uint8_t keys[1][FOTA_ED25519_KEY_BYTES];
    static struct fota_trusted_keys trusted;
    static struct fota_verifier verifier;
    b.profile_text = read_file(argv[1]);
    b.key_text = read_file(argv[2]);
    REQUIRE(fota_profile_parse(&profile, (const char *)b.profile_text.at,
                               b.profile_text.n_bytes, &fault) == FOTA_OK,
            "%s:%u: %s", argv[1], fault.line, fault.reason);
    REQUIRE(public_key_parse(keys[0], (const char *)b.key_text.at) == FOTA_OK, "key");
    trusted.keys = (const uint8_t(*)[FOTA_ED25519_KEY_BYTES])keys;
    trusted.n_keys = 1;
    verifier = fota_monocypher_verifier(&trusted);
    REQUIRE(fota_sim_device_init(&b.d, &profile, true, &verifier, "M95") == FOTA_OK, "profile");
    b.slots.primary = area_of(argv[6]);
    b.slots.secondary = area_of(argv[7]);
    b.slots.mode = (enum fota_mcuboot_mode)atoi(argv[8]);
    b.slots.max_align = (uint32_t)atoi(argv[9]);
    b.slots.max_sectors = (uint32_t)atoi(argv[10]);
    b.permanent = strcmp(argv[11], "permanent") == 0;
    struct fota_area planned[2] = {b.d.device.area[FOTA_AREA_SLOT],
                                   b.d.device.area[FOTA_AREA_SLOT2]};
    REQUIRE(fota_mcuboot_init(&b.m, &b.slots, &b.d.device) == FOTA_OK, "slots");
    for (unsigned i = 0; i < 2; i++) {
        const struct fota_area *area = &b.d.device.area[i];
        REQUIRE(area->addr == planned[i].addr && area->n_bytes == planned[i].n_bytes,
                "area %u of the profile should be 0x%x %u", i, area->addr, area->n_bytes);
    }
}

int main(int argc, char **argv)
{
    REQUIRE(argc == 14, "13 arguments");
    make_device(argv);
    b.old_image = read_file(argv[3]);
    b.new_image = read_file(argv[4]);
    b.package = read_file(argv[5]);
    uint32_t n_slot = b.slots.secondary.n_bytes;
    b.primary = malloc(b.slots.primary.n_bytes);
    b.secondary = malloc(n_slot);
    b.now = malloc(n_slot > b.slots.primary.n_bytes ? n_slot : b.slots.primary.n_bytes);
    /* what an earlier update may have left, a mark too */
    fill_slot(&b.slots.primary, 0, b.old_image.at, b.old_image.n_bytes);
    memset(b.secondary, 0x5A, n_slot);
    fill_slot(&b.slots.secondary, 0, b.secondary, n_slot);
    read_slot(&b.slots.primary, b.primary);

    REQUIRE(boot() == IDLE, "first start");
    receive();
    b.state = malloc(fota_sim_flash_state_bytes(&b.d.flash[0]));
    fota_sim_flash_save(&b.d.flash[0], b.state);
    const struct fota_sim_power power = b.d.power;
    REQUIRE(boot() == MARKED && is_pending(), "error %u", fota_err_code(b.d.err));
    uint64_t n_ops = b.d.power.n_ops - power.n_ops;
    read_slot(&b.slots.secondary, b.secondary);
    FILE *f = fopen(argv[12], "wb");
    REQUIRE(f != NULL && fwrite(b.secondary, 1, n_slot, f) == n_slot && fclose(f) == 0, "%s",
            argv[12]);
    swap(&b.new_image, "swapped");
    swap(&b.old_image, "swapped back");
    b.d.power = power;
    unsigned draws = (unsigned)atoi(argv[13]);
    if (draws > 0) cut_everywhere(draws, n_ops);
    REQUIRE(fota_sim_device_violations(&b.d) == 0, "flash misused: %s", b.d.flash[0].violation);
    printf("%u operations, %lu cuts, %lu asked again\n", (unsigned)n_ops, b.n_cuts,
           b.n_asked_again);
    return 0;
}
