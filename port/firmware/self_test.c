/* SPDX-License-Identifier: MIT */
/* AT+QTEST: known answers, and the image in the slot against its identity record. */
#include "core/app.h"
#include "core/crc32.h"
#include "core/image_hash.h"
#include "core/mem.h"
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

/* FIPS 180-4 example: SHA-256 of "abc". */
static const uint8_t sha_abc[FOTA_SHA256_BYTES] = {
    0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA, 0x41, 0x41, 0x40,
    0xDE, 0x5D, 0xAE, 0x22, 0x23, 0xB0, 0x03, 0x61, 0xA3, 0x96, 0x17,
    0x7A, 0x9C, 0xB4, 0x10, 0xFF, 0x61, 0xF2, 0x00, 0x15, 0xAD};

/* RFC 8032 7.1, TEST 2: public key, message 0x72, signature. */
static const uint8_t rfc8032_key[FOTA_ED25519_KEY_BYTES] = {
    0x3D, 0x40, 0x17, 0xC3, 0xE8, 0x43, 0x89, 0x5A, 0x92, 0xB7, 0x0A,
    0xA7, 0x4D, 0x1B, 0x7E, 0xBC, 0x9C, 0x98, 0x2C, 0xCF, 0x2E, 0xC4,
    0x96, 0x8C, 0xC0, 0xCD, 0x55, 0xF1, 0x2A, 0xF4, 0x66, 0x0C};
static const uint8_t rfc8032_signature[FOTA_ED25519_SIG_BYTES] = {
    0x92, 0xA0, 0x09, 0xA9, 0xF0, 0xD4, 0xCA, 0xB8, 0x72, 0x0E, 0x82, 0x0B, 0x5F,
    0x64, 0x25, 0x40, 0xA2, 0xB2, 0x7B, 0x54, 0x16, 0x50, 0x3F, 0x8F, 0xB3, 0x76,
    0x22, 0x23, 0xEB, 0xDB, 0x69, 0xDA, 0x08, 0x5A, 0xC1, 0xE4, 0x3E, 0x15, 0x99,
    0x6E, 0x45, 0x8F, 0x36, 0x13, 0xD0, 0xF1, 0x1D, 0x8C, 0x38, 0x7B, 0x2E, 0xAE,
    0xB4, 0x30, 0x2A, 0xEE, 0xB0, 0x0D, 0x29, 0x16, 0x12, 0xBB, 0x0C, 0x00};

static bool test_sha256(const struct fota_device *device)
{
    (void)device;
    uint8_t digest[FOTA_SHA256_BYTES];
    struct fota_sha256 sha;
    fota_sha256_init(&sha);
    fota_sha256_update(&sha, (const uint8_t *)"abc", 3);
    fota_sha256_final(&sha, digest);
    return memcmp(digest, sha_abc, sizeof digest) == 0;
}

static bool test_crc32(const struct fota_device *device)
{
    (void)device;
    return fota_crc32(0, (const uint8_t *)"123456789", 9) == 0xCBF43926U;
}

static bool test_ed25519(const struct fota_device *device)
{
    const struct fota_verifier *v = device->verifier;
    const uint8_t good = 0x72;
    const uint8_t bad = 0x73;
    return v->verify(v->ctx, rfc8032_signature, rfc8032_key, &good, 1) == FOTA_OK &&
           v->verify(v->ctx, rfc8032_signature, rfc8032_key, &bad, 1) == FOTA_E_SIGNATURE;
}

static bool test_text(const struct fota_device *device)
{
    (void)device;
    char buffer[24];
    struct firmware_text t = firmware_text_begin(buffer, sizeof buffer);
    firmware_text_add_number(&t, INT64_MIN);
    return firmware_text_equal(buffer, "-9223372036854775808");
}

static bool test_image(const struct fota_device *device)
{
    struct fota_identity identity;
    if (fota_identity_read(&identity, &device->area[FOTA_AREA_IDENTITY]) != FOTA_OK) {
        return false;
    }
    struct fota_image_hash hash;
    fota_image_hash_begin(&hash, fota_device_slot(device, identity.slot), identity.image_bytes);
    enum fota_err err = FOTA_MORE;
    while (err == FOTA_MORE) {
        err = fota_image_hash_step(&hash, identity.image_sha256);
    }
    return err == FOTA_OK;
}

static const struct {
    const char *name;
    bool (*run)(const struct fota_device *device);
} tests[] = {
    {"sha256", test_sha256}, {"crc32", test_crc32}, {"ed25519", test_ed25519},
    {"text", test_text},     {"image", test_image},
};

enum fota_at_answer firmware_on_test(struct fota_at_server *s, enum fota_at_form form,
                                     const char *args, size_t n_args)
{
    (void)form;
    (void)args;
    (void)n_args;
    const struct fota_app *app = s->device->ctx;
    bool good = true;
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        bool this_good = tests[i].run(app->device);
        char line[40];
        struct firmware_text t = firmware_text_begin(line, sizeof line);
        firmware_text_add(&t, "+QTEST: ");
        firmware_text_add(&t, tests[i].name);
        firmware_text_add(&t, this_good ? " good" : " BAD");
        fota_at_server_info(s, line);
        good = good && this_good;
    }
    s->error = FOTA_E_INTERNAL;
    return good ? FOTA_AT_DONE_OK : FOTA_AT_DONE_ERROR;
}
