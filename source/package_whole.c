/* SPDX-License-Identifier: MIT */
#include "source/package_whole.h"
#include "core/sha256.h"
#include <string.h>

enum fota_err
fota_package_whole_size(const uint8_t prefix[FOTA_PACKAGE_PREFIX_BYTES], uint32_t *n_bytes)
{
    struct fota_package_prefix parsed;
    const enum fota_err err = fota_package_parse_prefix(&parsed, prefix);
    if (err == FOTA_OK) {
        *n_bytes = parsed.total_bytes;
    }
    return err;
}

static enum fota_err
read_head(const struct fota_package_source *source, struct fota_package *package)
{
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    struct fota_package_prefix prefix;
    if (source->n_bytes < FOTA_PACKAGE_PREFIX_BYTES) {
        return FOTA_E_FORMAT;
    }
    enum fota_err err = source->read(source->ctx, 0, head, FOTA_PACKAGE_PREFIX_BYTES);
    if (err == FOTA_OK) {
        err = fota_package_parse_prefix(&prefix, head);
    }
    if (err == FOTA_OK && source->n_bytes != prefix.total_bytes) {
        err = source->n_bytes < prefix.total_bytes ? FOTA_E_TRUNCATED : FOTA_E_OVERLONG;
    }
    if (err != FOTA_OK) {
        return err;
    }
    const uint32_t n_head = fota_package_head_read_bytes(&prefix);
    err = source->read(source->ctx, 0, head, n_head);
    return err == FOTA_OK ? fota_package_parse(package, head, n_head) : err;
}

static enum fota_err
check_body(const struct fota_package_source *source, const struct fota_package *package)
{
    uint8_t chunk[16384];
    uint8_t digest[FOTA_SHA256_BYTES];
    struct fota_sha256 hash;
    uint32_t off = package->body_off;
    const uint32_t end = package->body_off + package->body_bytes;
    fota_sha256_init(&hash);
    while (off < end) {
        const uint32_t n = end - off < sizeof chunk ? end - off : (uint32_t)sizeof chunk;
        const enum fota_err err = source->read(source->ctx, off, chunk, n);
        if (err != FOTA_OK) {
            return err;
        }
        fota_package_mask(package->prefix.mask, off, chunk, n);
        fota_sha256_update(&hash, chunk, n);
        off += n;
    }
    fota_sha256_final(&hash, digest);
    return memcmp(digest, package->body_sha256, sizeof digest) == 0 ? FOTA_OK
                                                                    : FOTA_E_BODY_HASH;
}

enum fota_err
fota_package_whole_check(const struct fota_package_source *source, struct fota_package *out)
{
    struct fota_package package;
    enum fota_err err = read_head(source, &package);
    if (err == FOTA_OK) {
        err = check_body(source, &package);
    }
    if (err == FOTA_OK && package.back.n_units != 0) {
        struct fota_package back = package;
        fota_package_turn(&back);
        err = check_body(source, &back);
    }
    if (err == FOTA_OK && out != NULL) {
        *out = package;
    }
    return err;
}
