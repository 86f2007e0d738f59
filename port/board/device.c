/* SPDX-License-Identifier: MIT */
/* The device that both programs of a board are built on.  Areas come from the device profile,
 * the trusted key from the maker's public key, both by way of fota-provision. */
#include "board_key.h"
#include "board_layout.h"
#include "port/board/board.h"
#include "port/monocypher/monocypher_verifier.h"

static const uint8_t key_bytes[][FOTA_ED25519_KEY_BYTES] = {BOARD_KEY};
static struct fota_trusted_keys keys = {key_bytes, sizeof key_bytes / sizeof key_bytes[0]};
static struct fota_verifier verifier;

static struct fota_device device = {
    .area = {BOARD_AREAS},
    .verifier = &verifier,
    .product = "M95",
    .decoder_bytes = BOARD_DECODER_BYTES,
    .vendor = "Quectel_Ltd",
    .brand = "Quectel",
    .model = "Quectel_M95",
    .serial = "861000000000007",
};

struct fota_device *board_device(void)
{
    verifier = fota_monocypher_verifier(&keys);
    return &device;
}
