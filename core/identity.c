/* SPDX-License-Identifier: MIT */
#include "core/identity.h"
#include "core/le.h"

enum {
    PRODUCT_OFF = 0,
    VERSION_OFF = 32,
    IMAGE_BYTES_OFF = 64,
    SHA256_OFF = 68,
    COUNTER_OFF = 100,
    SLOT_OFF = 104,
};
_Static_assert(FOTA_PACKAGE_STRING_MAX + 1 == 32, "strings fill their fields");
_Static_assert(FOTA_IDENTITY_BYTES <= FOTA_RECORD_BYTES_MAX, "identity fits a record");

void fota_identity_encode(const struct fota_identity *id, uint8_t out[FOTA_IDENTITY_BYTES])
{
    memset(out, 0, FOTA_IDENTITY_BYTES);
    memcpy(out + PRODUCT_OFF, id->product, FOTA_PACKAGE_STRING_MAX);
    memcpy(out + VERSION_OFF, id->version, FOTA_PACKAGE_STRING_MAX);
    fota_put_le32(out + IMAGE_BYTES_OFF, id->image_bytes);
    memcpy(out + SHA256_OFF, id->image_sha256, FOTA_SHA256_BYTES);
    fota_put_le32(out + COUNTER_OFF, id->security_counter);
    out[SLOT_OFF] = id->slot;
}

enum fota_err fota_identity_read(struct fota_identity *out, const struct fota_area *area)
{
    uint8_t bytes[FOTA_IDENTITY_BYTES];
    uint32_t epoch;
    enum fota_err err = fota_record_read(area, bytes, sizeof bytes, &epoch);
    if (err < 0) return err;
    memcpy(out->product, bytes + PRODUCT_OFF, sizeof out->product);
    memcpy(out->version, bytes + VERSION_OFF, sizeof out->version);
    out->product[FOTA_PACKAGE_STRING_MAX] = '\0';
    out->version[FOTA_PACKAGE_STRING_MAX] = '\0';
    out->image_bytes = fota_le32(bytes + IMAGE_BYTES_OFF);
    memcpy(out->image_sha256, bytes + SHA256_OFF, FOTA_SHA256_BYTES);
    out->security_counter = fota_le32(bytes + COUNTER_OFF);
    out->slot = bytes[SLOT_OFF];
    return out->slot <= 1 ? FOTA_OK : FOTA_E_NO_IMAGE;
}
