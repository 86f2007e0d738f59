/* SPDX-License-Identifier: MIT */
/* AT+QGSM="text": the text in the GSM 7 bit default alphabet, packed as in a short message
 * (3GPP TS 23.038 6.1.2.1 and 6.2.1). */
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

#define NOT_THERE 0xFFU
#define ESCAPE    0x1BU
#define EXTENDED  0x80U /* reached through ESCAPE */

/* Septet of each ASCII character from blank to tilde. */
static const uint8_t septets[] = {
    0x20, 0x21, 0x22, 0x23, 0x02, 0x25, 0x26, 0x27, 0x28,      0x29, 0x2A, 0x2B, 0x2C, 0x2D,
    0x2E, 0x2F, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36,      0x37, 0x38, 0x39, 0x3A, 0x3B,
    0x3C, 0x3D, 0x3E, 0x3F, 0x00, 0x41, 0x42, 0x43, 0x44,      0x45, 0x46, 0x47, 0x48, 0x49,
    0x4A, 0x4B, 0x4C, 0x4D, 0x4E, 0x4F, 0x50, 0x51, 0x52,      0x53, 0x54, 0x55, 0x56, 0x57,
    0x58, 0x59, 0x5A, 0xBC, 0xAF, 0xBE, 0x94, 0x11, NOT_THERE, 0x61, 0x62, 0x63, 0x64, 0x65,
    0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E,      0x6F, 0x70, 0x71, 0x72, 0x73,
    0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7A, 0xA8, 0xC0,      0xA9, 0xBD,
};

struct packer {
    uint8_t bytes[140];
    unsigned n_septets;
};

static bool pack(struct packer *p, uint8_t septet)
{
    unsigned bit = p->n_septets * 7U;
    if (bit + 7U > sizeof p->bytes * 8U) {
        return false;
    }
    unsigned shifted = (unsigned)septet << (bit % 8U);
    p->bytes[bit / 8U] |= (uint8_t)shifted;
    if (bit % 8U > 1U) {
        p->bytes[bit / 8U + 1U] |= (uint8_t)(shifted >> 8);
    }
    p->n_septets++;
    return true;
}

static bool pack_char(struct packer *p, char c)
{
    if (c < ' ' || c > '~') {
        return false;
    }
    uint8_t septet = septets[c - ' '];
    if (septet == NOT_THERE) {
        return false;
    }
    if ((septet & EXTENDED) != 0 && !pack(p, ESCAPE)) {
        return false;
    }
    return pack(p, septet & 0x7FU);
}

enum fota_at_answer firmware_on_alphabet(struct fota_at_server *s, enum fota_at_form form,
                                         const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    char text[161];
    struct packer packer = {.n_septets = 0};
    bool good = firmware_text_unquote(args, text, sizeof text);
    for (const char *c = text; good && *c != '\0'; c++) {
        good = pack_char(&packer, *c);
    }
    if (!good) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    char line[320];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, "+QGSM: ");
    firmware_text_add_number(&t, packer.n_septets);
    firmware_text_add(&t, ",\"");
    firmware_text_add_bytes(&t, packer.bytes, (packer.n_septets * 7U + 7U) / 8U);
    firmware_text_add_char(&t, '"');
    fota_at_server_info(s, line);
    return FOTA_AT_DONE_OK;
}
