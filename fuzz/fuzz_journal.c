/* SPDX-License-Identifier: MIT */
/* Any bytes as the journal and as a record store, also what the code wrote itself and something
 * changed afterwards.  Loading accepts or passes over; what is recorded then is what the next
 * boot finds, whatever was there before. */
#include "core/journal.h"
#include "core/record_store.h"
#include <stdlib.h>
#include <string.h>

#define SECTOR_BYTES  512U
#define N_SECTORS     3U
#define STEPS_MAX     4000U
#define PAYLOAD_BYTES 40U

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n);

static uint8_t cells[SECTOR_BYTES * N_SECTORS];

static void require(bool condition)
{
    if (!condition) abort();
}

static enum fota_err read_cells(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    (void)ctx;
    require(addr <= sizeof cells && n_bytes <= sizeof cells - addr);
    memcpy(dst, cells + addr, n_bytes);
    return FOTA_OK;
}

/* As NOR does: bits only fall. */
static enum fota_err
program_cells(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    const struct fota_flash *flash = ctx;
    require(addr <= sizeof cells && n_bytes <= sizeof cells - addr);
    require(addr % flash->program_bytes == 0 && n_bytes % flash->program_bytes == 0);
    require(addr / flash->page_bytes == (addr + n_bytes - 1) / flash->page_bytes);
    for (uint32_t i = 0; i < n_bytes; i++) {
        cells[addr + i] &= src[i];
    }
    return FOTA_OK;
}

static enum fota_err erase_cells(void *ctx, uint32_t addr)
{
    (void)ctx;
    require(addr < sizeof cells && addr % SECTOR_BYTES == 0);
    memset(cells + addr, 0xFF, SECTOR_BYTES);
    return FOTA_OK;
}

static void finish(struct fota_journal *j)
{
    enum fota_err err = FOTA_MORE;
    for (unsigned i = 0; i < STEPS_MAX && err > 0; i++) {
        err = fota_journal_step(j);
    }
    require(err == FOTA_OK); /* the flash is sound now: it must succeed, and end */
}

/* Load, open with one state and append another; the next boot finds the last. */
static void check_journal(const struct fota_area *area, const uint8_t *input, size_t n)
{
    struct fota_journal j;
    struct fota_snapshot state = {.phase = FOTA_PHASE_IDLE};
    require(fota_journal_load(&j, area) == FOTA_OK);
    const struct fota_snapshot *last = fota_journal_last(&j);
    require(last == NULL ||
            (last->phase >= FOTA_PHASE_IDLE && last->phase <= FOTA_PHASE_RESULT));
    if (last != NULL) state = *last;
    fota_journal_open(&j, &state);
    finish(&j);
    for (size_t i = 0; i < n && i < 12; i++) {
        state.phase = (enum fota_phase)(FOTA_PHASE_IDLE + input[i] % 4);
        state.progress = FOTA_PROGRESS_TOUCHED;
        state.unit = input[i];
        state.step = (uint32_t)i;
        memset(state.package_id, input[i], sizeof state.package_id);
        fota_journal_append(&j, &state);
        finish(&j);
    }
    require(fota_journal_load(&j, area) == FOTA_OK);
    last = fota_journal_last(&j);
    require(last != NULL && last->phase == state.phase && last->unit == state.unit &&
            last->step == state.step && last->progress == state.progress &&
            memcmp(last->package_id, state.package_id, sizeof state.package_id) == 0);
}

static void check_records(const struct fota_area *area, const uint8_t *input, size_t n)
{
    struct fota_record_write w;
    uint8_t payload[PAYLOAD_BYTES] = {0};
    uint8_t found[PAYLOAD_BYTES];
    uint32_t epoch;
    enum fota_err err = fota_record_read(area, found, sizeof found, &epoch);
    require(err == FOTA_OK || err == FOTA_E_NO_IMAGE);
    if (epoch == UINT32_MAX) return; /* the epoch wraps: doc/proof.md 2 */
    memcpy(payload, input, n < sizeof payload ? n : sizeof payload);
    fota_record_write_begin(&w, area, payload, sizeof payload, 0);
    err = FOTA_MORE;
    for (unsigned i = 0; i < STEPS_MAX && err > 0; i++) {
        err = fota_record_write_step(&w);
    }
    require(err == FOTA_OK);
    require(fota_record_read(area, found, sizeof found, &epoch) == FOTA_OK);
    require(memcmp(found, payload, sizeof found) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t n)
{
    static const struct fota_flash_run run = {N_SECTORS, SECTOR_BYTES};
    if (n < 2) return 0;
    struct fota_flash flash = {.runs = &run,
                               .n_runs = 1,
                               .program_bytes = 1U << input[0] % 7,
                               .page_bytes = 64U << input[0] % 3,
                               .erased = 0xFF,
                               .read = read_cells,
                               .program = program_cells,
                               .erase = erase_cells};
    flash.ctx = &flash;
    const bool is_journal = input[1] % 2 == 0;
    const bool prepared = input[1] / 2 % 2 == 0;
    const struct fota_area area = {&flash, 0, (is_journal ? N_SECTORS : 2U) * SECTOR_BYTES};
    input += 2;
    n -= 2;
    memset(cells, 0xFF, sizeof cells);
    if (prepared && is_journal) check_journal(&area, input, n);
    if (prepared && !is_journal) check_records(&area, input, n);
    for (size_t i = 0; i < n && i < sizeof cells; i++) {
        cells[i] = prepared ? cells[i] ^ input[i] : input[i];
    }
    if (is_journal) {
        check_journal(&area, input, n);
    } else {
        check_records(&area, input, n);
    }
    return 0;
}
