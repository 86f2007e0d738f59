/* SPDX-License-Identifier: MIT */
#include "module/flash_file.h"
#include "module/factory.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the file ---- */

static bool write_all(int fd, const uint8_t *src, size_t n, uint64_t off)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, src, n, (off_t)off);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        src += done;
        n -= (size_t)done;
        off += (uint64_t)done;
    }
    return true;
}

static bool read_all(int fd, uint8_t *dst, size_t n, uint64_t off)
{
    while (n > 0) {
        ssize_t done = pread(fd, dst, n, (off_t)off);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        dst += done;
        n -= (size_t)done;
        off += (uint64_t)done;
    }
    return true;
}

static bool fill(int fd, uint8_t byte, uint64_t n, uint64_t off)
{
    uint8_t page[FOTA_PAGE_MAX];
    memset(page, byte, sizeof page);
    while (n > 0) {
        size_t part = n < sizeof page ? (size_t)n : sizeof page;
        if (!write_all(fd, page, part, off)) {
            return false;
        }
        n -= part;
        off += part;
    }
    return true;
}

/* ---- the devices ---- */

static uint32_t device_bytes(const struct fota_profile_flash *geometry)
{
    const struct fota_flash flash = {.runs = geometry->runs, .n_runs = geometry->n_runs};
    return fota_flash_bytes(&flash);
}

uint64_t flash_file_bytes(const struct fota_profile *profile)
{
    uint64_t n = FACTORY_BYTES;
    for (uint32_t i = 0; i < profile->n_flash; i++) {
        n += device_bytes(&profile->flash[i]);
    }
    return n;
}

enum fota_err flash_file_format(int fd, const char *page, const struct fota_profile *profile)
{
    uint64_t off = FACTORY_BYTES;
    if (!write_all(fd, (const uint8_t *)page, FACTORY_BYTES, 0)) {
        return FOTA_E_IO;
    }
    for (uint32_t i = 0; i < profile->n_flash; i++) {
        uint32_t n = device_bytes(&profile->flash[i]);
        if (!fill(fd, profile->flash[i].erased, n, off)) {
            return FOTA_E_IO;
        }
        off += n;
    }
    return FOTA_OK;
}

/* Bring what the operation under way has changed into the file. */
static bool store(const struct flash_file *f)
{
    const struct flash_file_device *d = f->device;
    return write_all(f->fd, d->data + f->addr, f->n_bytes, d->base + f->addr);
}

_Noreturn static void power_off(void *ctx)
{
    static const char *const when[] = {
        [FOTA_SIM_BEFORE] = "before", [FOTA_SIM_TORN] = "inside", [FOTA_SIM_AFTER] = "after"};
    const struct flash_file *f = ctx;
    if (!store(f)) {
        (void)fprintf(stderr, "fota-module: flash file: %s\n", strerror(errno));
    }
    (void)fprintf(stderr, "fota-module: power cut %s flash operation %llu\n",
                  when[f->power.when], (unsigned long long)f->power.n_ops);
    _exit(POWER_CUT_STATUS);
}

static void
begin_operation(struct flash_file_device *d, uint32_t addr, uint32_t n_bytes, uint32_t us)
{
    struct flash_file *f = d->file;
    f->device = d;
    f->addr = addr;
    f->n_bytes = n_bytes;
    if (us != 0) {
        f->busy(f->busy_ctx, us);
    }
}

static enum fota_err end_operation(struct flash_file_device *d, enum fota_err err)
{
    struct flash_file *f = d->file;
    if (d->sim.n_violations != 0) {
        (void)fprintf(stderr, "fota-module: flash misused: %s\n", d->sim.violation);
        d->sim.n_violations = 0;
    }
    if (!store(f)) {
        (void)fprintf(stderr, "fota-module: flash file: %s\n", strerror(errno));
        return FOTA_E_FLASH;
    }
    return err;
}

static enum fota_err device_read(void *ctx, uint32_t addr, uint8_t *dst, uint32_t n_bytes)
{
    struct flash_file_device *d = ctx;
    return d->sim.port.read(d->sim.port.ctx, addr, dst, n_bytes);
}

static enum fota_err
device_program(void *ctx, uint32_t addr, const uint8_t *src, uint32_t n_bytes)
{
    struct flash_file_device *d = ctx;
    if (n_bytes > d->sim.n_bytes || addr > d->sim.n_bytes - n_bytes) {
        return FOTA_E_RANGE;
    }
    begin_operation(d, addr, n_bytes, d->file->program_us);
    return end_operation(d, d->sim.port.program(d->sim.port.ctx, addr, src, n_bytes));
}

/* Size of the sector that begins at `addr`, 0 when none does. */
static uint32_t sector_bytes(const struct fota_flash *flash, uint32_t addr)
{
    uint32_t base = 0;
    for (uint32_t i = 0; i < flash->n_runs; i++) {
        const struct fota_flash_run *run = &flash->runs[i];
        uint32_t run_bytes = run->n_sectors * run->sector_bytes;
        if (addr - base < run_bytes) {
            return (addr - base) % run->sector_bytes == 0 ? run->sector_bytes : 0;
        }
        base += run_bytes;
    }
    return 0;
}

static enum fota_err device_erase(void *ctx, uint32_t addr)
{
    struct flash_file_device *d = ctx;
    uint32_t n_bytes = sector_bytes(&d->flash, addr);
    if (n_bytes == 0) {
        return FOTA_E_RANGE;
    }
    begin_operation(d, addr, n_bytes, d->file->erase_us);
    return end_operation(d, d->sim.port.erase(d->sim.port.ctx, addr));
}

static enum fota_err
open_device(struct flash_file_device *d, const struct fota_profile_flash *geometry)
{
    uint32_t n = device_bytes(geometry);
    d->data = malloc(n);
    d->units = malloc(n / geometry->program_bytes);
    if (d->data == NULL || d->units == NULL) {
        return FOTA_E_NOMEM;
    }
    if (!read_all(d->file->fd, d->data, n, d->base)) {
        return FOTA_E_IO;
    }
    const struct fota_sim_geometry sim = {
        .runs = geometry->runs,
        .n_runs = geometry->n_runs,
        .program_bytes = geometry->program_bytes,
        .page_bytes = geometry->page_bytes,
        .erased = geometry->erased,
        .write_once = geometry->write_once,
    };
    fota_sim_flash_init(&d->sim, &d->file->power, &sim, d->data, NULL, d->units);
    d->flash = d->sim.port;
    d->flash.ctx = d;
    d->flash.read = device_read;
    d->flash.program = device_program;
    d->flash.erase = device_erase;
    return FOTA_OK;
}

enum fota_err flash_file_open(struct flash_file *f, int fd, const struct fota_profile *profile)
{
    memset(f, 0, sizeof *f);
    f->fd = fd;
    f->power.outcome = FOTA_SIM_ANY;
    f->power.cut = power_off;
    f->power.cut_ctx = f;
    uint64_t base = FACTORY_BYTES;
    for (uint32_t i = 0; i < profile->n_flash; i++) {
        struct flash_file_device *d = &f->devices[f->n_devices++];
        d->file = f;
        d->base = base;
        base += device_bytes(&profile->flash[i]);
        enum fota_err err = open_device(d, &profile->flash[i]);
        if (err != FOTA_OK) {
            return err;
        }
    }
    return FOTA_OK;
}

void flash_file_close(struct flash_file *f)
{
    for (uint32_t i = 0; i < f->n_devices; i++) {
        free(f->devices[i].data);
        free(f->devices[i].units);
    }
    f->n_devices = 0;
}

void flash_file_areas(const struct flash_file *f, const struct fota_profile *profile,
                      struct fota_area area[FOTA_AREA_COUNT])
{
    for (size_t i = 0; i < FOTA_AREA_COUNT; i++) {
        const struct fota_profile_area *a = &profile->area[i];
        area[i] = (struct fota_area){
            .flash = &f->devices[a->flash].flash, .addr = a->addr, .n_bytes = a->n_bytes};
    }
}
