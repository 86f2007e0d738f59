/* SPDX-License-Identifier: MIT */
#include "port/fatfs/fat_source.h"
#include "core/mem.h"
#include <diskio.h>

/* FatFs asks by volume number for the disk: these are the sources that are open. */
static struct fota_fat_source *volumes[FF_VOLUMES];

DSTATUS disk_initialize(BYTE pdrv)
{
    return disk_status(pdrv);
}

DSTATUS disk_status(BYTE pdrv)
{
    const bool ready =
        pdrv < FF_VOLUMES && volumes[pdrv] != NULL && volumes[pdrv]->failed == FOTA_OK;
    return ready ? STA_PROTECT : STA_NOINIT | STA_NODISK;
}

DRESULT disk_read(BYTE pdrv, BYTE *buff, LBA_t sector, UINT count)
{
    if ((disk_status(pdrv) & STA_NOINIT) != 0) {
        return RES_NOTRDY;
    }
    struct fota_fat_source *s = volumes[pdrv];
    s->failed = s->disk.read(s->disk.ctx, sector, buff, count);
    return s->failed == FOTA_OK ? RES_OK : RES_ERROR;
}

DRESULT disk_ioctl(BYTE pdrv, BYTE cmd, void *buff)
{
    if ((disk_status(pdrv) & STA_NOINIT) != 0) {
        return RES_NOTRDY;
    }
    if (cmd != GET_SECTOR_SIZE) {
        return RES_PARERR;
    }
    const WORD block_bytes = (WORD)volumes[pdrv]->disk.block_bytes;
    memcpy(buff, &block_bytes, sizeof block_bytes);
    return RES_OK;
}

static enum fota_err err_of(const struct fota_fat_source *s, FRESULT result)
{
    if (result == FR_OK) {
        return FOTA_OK;
    }
    if (s->failed != FOTA_OK) {
        return s->failed;
    }
    const bool absent =
        result == FR_NO_FILE || result == FR_NO_PATH || result == FR_INVALID_NAME;
    return absent ? FOTA_E_NOT_FOUND : FOTA_E_DISK;
}

static enum fota_err
read_at(struct fota_fat_source *s, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    UINT n_read = 0;
    FRESULT result = f_lseek(&s->file, off);
    if (result == FR_OK) {
        result = f_read(&s->file, dst, n_bytes, &n_read);
    }
    if (result == FR_OK && n_read != n_bytes) {
        return FOTA_E_DISK;
    }
    return err_of(s, result);
}

static enum fota_err source_read(void *ctx, uint32_t off, uint8_t *dst, uint32_t n_bytes)
{
    struct fota_fat_source *s = ctx;
    if (off > s->package.n_bytes || n_bytes > s->package.n_bytes - off) {
        return FOTA_E_RANGE;
    }
    if (s->failed != FOTA_OK) {
        return s->failed;
    }
    const enum fota_err err = read_at(s, off, dst, n_bytes);
    if (err != FOTA_OK && s->failed == FOTA_OK) {
        s->failed = err;
    }
    return err;
}

static void source_close(void *ctx)
{
    struct fota_fat_source *s = ctx;
    (void)f_mount(NULL, (char[]){(char)('0' + s->volume), ':', '\0'}, 0);
    volumes[s->volume] = NULL;
}

static enum fota_err take_volume(struct fota_fat_source *s)
{
    for (uint8_t i = 0; i < FF_VOLUMES; i++) {
        if (volumes[i] == NULL) {
            volumes[i] = s;
            s->volume = i;
            return FOTA_OK;
        }
    }
    return FOTA_E_NOMEM;
}

/* Append to s->path, with a '/' between if it needs one. */
static enum fota_err append_path(struct fota_fat_source *s, const char *text)
{
    size_t n = 0;
    while (s->path[n] != '\0') {
        n++;
    }
    if (s->path[n - 1] != '/' && text[0] != '/') {
        s->path[n++] = '/';
    }
    for (size_t i = 0; n < sizeof s->path; i++, n++) {
        s->path[n] = text[i];
        if (text[i] == '\0') {
            return FOTA_OK;
        }
    }
    s->path[0] = '\0';
    return FOTA_E_NOT_FOUND;
}

static enum fota_err offer(struct fota_fat_source *s, struct fota_package_choice *choice,
                           const char *name, uint32_t n_directory)
{
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    UINT n_read = 0;
    const enum fota_err err = append_path(s, name);
    if (err != FOTA_OK) {
        return err;
    }
    FRESULT result = f_open(&s->file, s->path, FA_READ);
    if (result == FR_OK) {
        result = f_read(&s->file, head, sizeof head, &n_read);
    }
    s->path[n_directory] = '\0';
    if (result == FR_OK) {
        fota_package_choice_offer(choice, name, head, n_read);
    }
    return err_of(s, result);
}

/* Append to s->path, a directory, the name of the package that fits. */
static enum fota_err choose(struct fota_fat_source *s, const struct fota_package_wanted *wanted,
                            struct fota_package_choice *choice)
{
    DIR dir;
    FILINFO info;
    uint32_t n_directory = 0;
    while (s->path[n_directory] != '\0') {
        n_directory++;
    }
    fota_package_choice_begin(choice, wanted);
    enum fota_err err = err_of(s, f_opendir(&dir, s->path));
    while (err == FOTA_OK) {
        err = err_of(s, f_readdir(&dir, &info));
        if (err != FOTA_OK || info.fname[0] == '\0') {
            break;
        }
        if ((info.fattrib & AM_DIR) == 0 && fota_package_choice_name(info.fname)) {
            err = offer(s, choice, info.fname, n_directory);
        }
    }
    const char *name = NULL;
    if (err == FOTA_OK) {
        err = fota_package_choice_end(choice, &name);
    }
    return err == FOTA_OK ? append_path(s, name) : err;
}

static enum fota_err
open_path(struct fota_fat_source *s, const struct fota_package_wanted *wanted)
{
    enum fota_err err = err_of(s, f_open(&s->file, s->path, FA_READ));
    if (err == FOTA_E_NOT_FOUND) { /* perhaps a directory */
        struct fota_package_choice choice;
        err = choose(s, wanted, &choice);
        if (err == FOTA_OK) {
            err = err_of(s, f_open(&s->file, s->path, FA_READ));
        }
    }
    if (err == FOTA_OK && f_size(&s->file) > INT32_MAX) {
        err = FOTA_E_TOO_LARGE;
    }
    return err;
}

enum fota_err fota_fat_source_open(struct fota_fat_source *s, const struct fota_disk *disk,
                                   const char *path, const struct fota_package_wanted *wanted)
{
    memset(s, 0, sizeof *s);
    s->disk = *disk;
    if (disk->block_bytes < FF_MIN_SS || disk->block_bytes > FF_MAX_SS) {
        return FOTA_E_DISK;
    }
    enum fota_err err = take_volume(s);
    if (err != FOTA_OK) {
        return err;
    }
    s->path[0] = (char)('0' + s->volume);
    s->path[1] = ':';
    err = err_of(s, f_mount(&s->fs, s->path, 1));
    if (err == FOTA_OK) {
        err = append_path(s, path);
    }
    if (err == FOTA_OK) {
        err = open_path(s, wanted);
    }
    if (err != FOTA_OK) {
        source_close(s);
        return err;
    }
    s->package =
        (struct fota_package_source){s, (uint32_t)f_size(&s->file), source_read, source_close};
    return FOTA_OK;
}
