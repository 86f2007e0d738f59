/* SPDX-License-Identifier: MIT */
/* For tests of the application: a small device on simulated flash, its application, what it
 * says, and a package it accepts. */
#ifndef FOTA_TEST_APP_DEVICE_H
#define FOTA_TEST_APP_DEVICE_H

#include "core/app.h"
#include "core/crc32.h"
#include "core/record_store.h"
#include "host/keys.h"
#include "host/package_write.h"
#include "port/monocypher/monocypher_verifier.h"
#include "sim/powercut_device.h"
#include "test/images.h"
#include "test/sim_area.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECTOR = 512, SLOT_BYTES = 16384, OLD_BYTES = 6000, NEW_BYTES = 6300 };

/* ---- a device, its application, and what it has said ---- */

static struct sim_area sim;
static struct fota_profile profile;
static struct fota_device device;
static struct fota_app app;
static char said[8192];
static size_t n_said;
static uint64_t n_ops_at_finish; /* operations when acceptance was said */
static uint32_t clock_ms;
static uint8_t *package;
static uint32_t package_bytes;
static uint32_t
    package_counter; /* its security counter: packages that differ in nothing else */
static uint8_t old_image[SLOT_BYTES];

static inline const char *error_text(enum fota_err err)
{
    return fota_err_row(err)->text;
}

static inline void put(void *ctx, const char *bytes, size_t n)
{
    (void)ctx;
    assert_true(n < sizeof said - n_said);
    memcpy(said + n_said, bytes, n);
    n_said += n;
    said[n_said] = '\0';
    if (n_ops_at_finish == 0 && strstr(said, "Finish") != NULL) {
        n_ops_at_finish = sim.power.n_ops;
    }
}

static inline void start(bool recovery)
{
    sim.power.boot++;
    n_said = 0;
    said[0] = '\0';
    fota_app_init(&app, &device, recovery, put, NULL);
}

/* Poll until there is nothing to do; no poll makes more than one operation. */
static inline enum fota_app_next settle(void)
{
    for (;;) {
        uint64_t before = sim.power.n_ops;
        enum fota_app_next next = fota_app_poll(&app, clock_ms);
        assert_true(sim.power.n_ops - before <= 1);
        if (next != FOTA_APP_AGAIN) {
            return next;
        }
    }
}

static inline enum fota_app_next feed(const void *bytes, size_t n)
{
    const uint8_t *at = bytes;
    while (n > 0) {
        size_t taken = fota_app_feed(&app, at, n, clock_ms);
        at += taken;
        n -= taken;
        enum fota_app_next next = settle();
        if (next == FOTA_APP_RESET) {
            return next;
        }
    }
    return settle();
}

/* What is said to a command line, without its echo; valid until the next one. */
static inline const char *ask(const char *command)
{
    n_said = 0;
    said[0] = '\0';
    (void)feed(command, strlen(command));
    (void)feed("\r", 1);
    assert_memory_equal(said, command, strlen(command));
    return said + strlen(command) + 1;
}

static inline void wait_ms(uint32_t ms)
{
    clock_ms += ms;
    (void)settle();
}

static inline void set_up_identity(const char *version)
{
    struct fota_identity id = {.image_bytes = OLD_BYTES};
    struct fota_sha256 sha;
    (void)snprintf(id.product, sizeof id.product, "M95");
    (void)snprintf(id.version, sizeof id.version, "%s", version);
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, old_image, OLD_BYTES);
    fota_sha256_final(&sha, id.image_sha256);
    uint8_t payload[FOTA_IDENTITY_BYTES];
    struct fota_record_write w;
    fota_identity_encode(&id, payload);
    fota_record_write_begin(&w, &device.area[FOTA_AREA_IDENTITY], payload, sizeof payload, 0);
    while (fota_record_write_step(&w) > 0) {
    }
}

/* A device with the old image, fresh from the factory, and its application started. */
static inline int set_up(void **state)
{
    (void)state;
    static struct fota_sim_geometry geometry;
    fota_profile_simple(&profile, SECTOR, 4, 1, SLOT_BYTES);
    geometry = (struct fota_sim_geometry){.runs = profile.flash[0].runs,
                                          .n_runs = profile.flash[0].n_runs,
                                          .program_bytes = 1,
                                          .page_bytes = 256,
                                          .erased = 0xFF};
    sim_area_init(&sim, &geometry);
    for (size_t i = 0; i < FOTA_AREA_COUNT; i++) {
        device.area[i] =
            (struct fota_area){&sim.flash.port, profile.area[i].addr, profile.area[i].n_bytes};
    }
    sim.flash.is_excepted = fota_sim_is_recommit;
    memcpy(sim.data + profile.area[FOTA_AREA_SLOT].addr, old_image, OLD_BYTES);
    set_up_identity("A07");
    sim.power.n_ops = 0;
    n_ops_at_finish = 0;
    clock_ms = UINT32_MAX - 500; /* it may wrap */
    start(false);
    return 0;
}

static inline bool slot_is_old(void)
{
    return memcmp(sim.data + profile.area[FOTA_AREA_SLOT].addr, old_image, OLD_BYTES) == 0;
}

static inline enum fota_phase phase_found(void)
{
    struct fota_journal j;
    assert_int_equal(fota_journal_load(&j, &device.area[FOTA_AREA_JOURNAL]), FOTA_OK);
    return fota_journal_last(&j) != NULL ? fota_journal_last(&j)->phase : FOTA_PHASE_IDLE;
}

/* ---- the package ---- */

static inline int make_package(void **state)
{
    static struct fota_trusted_keys trusted;
    static struct fota_verifier verifier;
    static struct fota_private_key key;
    const uint8_t seed[32] = {7};
    struct fota_encoded encoded;
    struct fota_fault fault;
    assert_int_equal(fota_private_key_from_seed(&key, seed), FOTA_OK);
    trusted.keys = (const uint8_t(*)[FOTA_ED25519_KEY_BYTES]) & key.public_key;
    trusted.n_keys = 1;
    verifier = fota_monocypher_verifier(&trusted);
    device = (struct fota_device){.verifier = &verifier,
                                  .product = "M95",
                                  .decoder_bytes = 16384,
                                  .vendor = "Quectel_Ltd",
                                  .brand = "Quectel",
                                  .model = "Quectel_M95",
                                  .serial = "867223020000000",
                                  .error_text = error_text};
    uint8_t *image = code_image(OLD_BYTES, 4);
    memcpy(old_image, image, OLD_BYTES);
    free(image);
    (void)set_up(state);
    uint8_t *new_image = code_image(NEW_BYTES, 12);
    for (size_t i = 0; i < 900; i++) { /* some bulk: more than two pages */
        new_image[i * 7] = (uint8_t)(i * i >> 3);
    }
    const struct fota_encode_options options = {.mode = FOTA_ENCODE_IN_PLACE,
                                                .slot = &device.area[FOTA_AREA_SLOT],
                                                .scratch_sectors = 4,
                                                .decoder_bytes = 16384};
    const struct fota_bytes from = {old_image, OLD_BYTES};
    const struct fota_bytes to = {new_image, NEW_BYTES};
    assert_int_equal(fota_encode(&encoded, from, to, &options), FOTA_OK);
    const struct fota_signer signer = fota_private_key_signer(&key);
    const struct fota_package_spec spec = {.product = "M95",
                                           .from_version = "A07",
                                           .to_version = "A08",
                                           .security_counter = package_counter,
                                           .old_image = from,
                                           .new_image = to,
                                           .slot = &device.area[FOTA_AREA_SLOT],
                                           .encoded = &encoded,
                                           .signers = &signer,
                                           .n_signers = 1};
    assert_int_equal(fota_package_write(&package, &package_bytes, &spec, &fault), FOTA_OK);
    assert_true(package_bytes > 3 * SECTOR);
    fota_encoded_free(&encoded);
    free(new_image);
    return 0;
}

static inline int free_package(void **state)
{
    (void)state;
    free(package);
    return 0;
}

/* AT+QFAW for [off, off + n) of the package. */
static inline const char *ask_chunk(uint32_t off, uint32_t n)
{
    char line[1000] = "AT+QFAW=\"";
    size_t at = strlen(line);
    for (uint32_t i = 0; i < n; i++) {
        at += (size_t)snprintf(line + at, sizeof line - at, "%02X", package[off + i]);
    }
    (void)snprintf(line + at, sizeof line - at, "\"");
    return ask(line);
}

static inline void send_chunks(uint32_t off, uint32_t end)
{
    while (off < end) {
        uint32_t n = end - off < 450 ? end - off : 450;
        assert_string_equal(ask_chunk(off, n), "\r\nOK\r\n");
        off += n;
    }
}

static const char ok[] = "\r\nOK\r\n";
static const char finish[] = "\r\nFinish data downloading, rebooting....\r\n";

#endif
