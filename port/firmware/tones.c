/* SPDX-License-Identifier: MIT */
/* AT+QTONE="5": samples of a tone, their loudest value, and their CRC-32.  Nothing is played:
 * the sample firmware has them to be a resource. */
#include "core/crc32.h"
#include "core/le.h"
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

extern const uint8_t firmware_tones[]; /* layout: make_tones.py */

/* Samples of the tone named `name`; a null pointer when there is none. */
static const uint8_t *find(char name, uint32_t *n_bytes)
{
    const uint32_t n = fota_le32(firmware_tones);
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *entry = firmware_tones + 4U + 12U * (size_t)i;
        if (fota_le32(entry) == (uint8_t)name) {
            *n_bytes = fota_le32(entry + 8);
            return firmware_tones + fota_le32(entry + 4);
        }
    }
    return NULL;
}

static int32_t loudest(const uint8_t *samples, uint32_t n_bytes)
{
    int32_t most = 0;
    for (uint32_t i = 0; i + 1 < n_bytes; i += 2) {
        const int32_t value = (int16_t)fota_le16(samples + i);
        most = value > most ? value : most;
    }
    return most;
}

enum fota_at_answer firmware_on_tone(struct fota_at_server *s, enum fota_at_form form,
                                     const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    char name[2];
    uint32_t n_bytes;
    if (!firmware_text_unquote(args, name, sizeof name) || name[0] == '\0') {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    const uint8_t *samples = find(name[0], &n_bytes);
    if (samples == NULL) {
        s->error = FOTA_E_RANGE;
        return FOTA_AT_DONE_ERROR;
    }
    char line[64];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, "+QTONE: ");
    firmware_text_add_number(&t, n_bytes / 2U);
    firmware_text_add_char(&t, ',');
    firmware_text_add_number(&t, loudest(samples, n_bytes));
    firmware_text_add(&t, ",\"");
    firmware_text_add_hex(&t, fota_crc32(0, samples, n_bytes), 8);
    firmware_text_add_char(&t, '"');
    fota_at_server_info(s, line);
    return FOTA_AT_DONE_OK;
}
