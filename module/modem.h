/* SPDX-License-Identifier: MIT */
/* What a cellular module offers its MCU beside the update: files, HTTP and FTP into files, TCP.
 * AT commands of Quectel's GSM family (M95) as doc/at-reference.md says; rows for struct
 * fota_device.commands.  Nothing waits: what takes time goes on in modem_poll(). */
#ifndef FOTA_MODULE_MODEM_H
#define FOTA_MODULE_MODEM_H

#include "core/at_server.h"
#include "module/file_store.h"
#include "module/net.h"

enum {
    MODEM_URL_MAX = 511,   /* assembled of the parts of an FTP address */
    MODEM_TEXT_MAX = 127,  /* one text of a command */
    MODEM_SEND_MAX = 1460, /* one AT+QISEND */
    MODEM_RECEIVE_MAX = 4096,
    MODEM_CODES_MAX = 16,
};

enum modem_download {
    DOWNLOAD_NONE,
    DOWNLOAD_HTTP,
    DOWNLOAD_GET,
    DOWNLOAD_LOGIN,
    DOWNLOAD_FTP
};

enum modem_tcp { TCP_CLOSED, TCP_CONNECTING, TCP_OPEN, TCP_ENDED /* by the other end */ };

/* Fields are private to module/modem*.c. */
struct modem {
    struct file_store store;
    struct net net;
    struct fota_at_server *at; /* of the command that is pending, or a null pointer */
    /* bytes of a file on their way to the line */
    struct {
        struct stored_file *file; /* a null pointer: none */
        uint32_t at;
        uint32_t end;
    } dump;
    /* AT+QFUPL */
    struct {
        struct stored_file *file;
        uint32_t n_bytes;
        uint16_t checksum;
        bool acknowledge;
    } upload;
    /* HTTP and FTP */
    char url[MODEM_URL_MAX + 1];
    uint32_t n_url;
    char ftp_host[MODEM_TEXT_MAX + 1]; /* "": not open */
    char ftp_user[MODEM_TEXT_MAX + 1];
    char ftp_password[MODEM_TEXT_MAX + 1];
    char ftp_path[MODEM_TEXT_MAX + 1];
    char ftp_file[STORE_NAME_MAX + 1]; /* where to; "": not said */
    uint32_t ftp_port;
    enum modem_download download;
    struct stored_file *file; /* of the download */
    uint32_t max_bytes;
    uint64_t total_bytes; /* as the server says, FOTA_TOTAL_UNKNOWN */
    struct fota_sink sink;
    /* TCP */
    enum modem_tcp tcp;
    bool tcp_announced; /* +QIRDI stands for what is there to be read */
    char tcp_peer[MODEM_TEXT_MAX + 1];
    uint8_t sending[MODEM_SEND_MAX];
    uint32_t n_sending; /* collected */
    uint32_t n_sent;
    bool is_sending; /* AT+QISEND is pending */
    uint8_t received[MODEM_RECEIVE_MAX];
    uint32_t n_received;
    /* unsolicited result codes that wait until the line is free; when there are too many the
     * newest are lost */
    char codes[MODEM_CODES_MAX][MODEM_TEXT_MAX + 1];
    uint32_t n_codes;
};

extern const struct fota_at_command modem_commands[];
extern const size_t modem_n_commands;

/* `net` is copied, what it points to borrowed.  The files outlive modem_reset(). */
void modem_init(struct modem *m, const struct net *net);
/* The module starts again: connections and RAM: are gone. */
void modem_reset(struct modem *m);
void modem_close(struct modem *m);
/* Go on with what is under way.  Returns whether something is: poll again soon. */
bool modem_poll(struct modem *m, struct fota_at_server *s);

#endif
