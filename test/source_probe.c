/* SPDX-License-Identifier: MIT */
/* For test/system/sources_test.py: opens sources and says what came of it.  Each line of
 * standard input is one order of words "key=value": url= (last, to the end of the line), out=
 * (file for the bytes that were handed over), piece= (bytes a read), cache=, window=, max=,
 * tries=, backoff=, stall=, connect=, wait_max=, ca=, product=, version=.  Answer: one line,
 * "<code> <size> <bytes handed over> <seconds/1000 taken> <place> | <detail> | <reports>". */
#include "source/source.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct order {
    struct fota_source_options options;
    const char *url;
    const char *out;
    uint32_t piece;
};

static char reports[4096];

static void report(void *ctx, uint32_t have, uint32_t total, const char *text)
{
    (void)ctx;
    (void)total;
    const size_t n = strlen(reports);
    if (text != NULL && n + 200 < sizeof reports) {
        (void)snprintf(reports + n, sizeof reports - n, "[%u %.160s]", (unsigned)have, text);
    }
}

static void take_word(struct order *order, char *word)
{
    const struct {
        const char *key;
        uint32_t *number;
        const char **text;
    } keys[] = {
        {"out=", NULL, &order->out},
        {"piece=", &order->piece, NULL},
        {"cache=", NULL, &order->options.cache_path},
        {"window=", &order->options.window_bytes, NULL},
        {"max=", &order->options.max_bytes, NULL},
        {"tries=", &order->options.tries, NULL},
        {"backoff=", &order->options.backoff_ms, NULL},
        {"stall=", &order->options.stall_ms, NULL},
        {"connect=", &order->options.connect_ms, NULL},
        {"wait_max=", &order->options.wait_max_ms, NULL},
        {"ca=", NULL, &order->options.ca_file},
        {"product=", NULL, &order->options.wanted.product},
        {"version=", NULL, &order->options.wanted.version},
    };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const size_t n = strlen(keys[i].key);
        if (strncmp(word, keys[i].key, n) != 0) {
            continue;
        }
        if (keys[i].number != NULL) {
            *keys[i].number = (uint32_t)strtoul(word + n, NULL, 10);
        } else {
            *keys[i].text = word + n;
        }
        return;
    }
    (void)fprintf(stderr, "unknown word %s\n", word);
    exit(1);
}

static struct order parse(char *line)
{
    struct order order = {.url = NULL, .piece = 4096};
    char *url = strstr(line, "url=");
    if (url == NULL) {
        exit(1);
    }
    *url = '\0';
    order.url = url + 4;
    order.options.report = report;
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        take_word(&order, word);
    }
    return order;
}

/* Read it all in pieces; as the AT client does, go back once in a while. */
static enum fota_err
read_all(struct fota_source *s, const struct order *order, FILE *out, uint32_t *n_read)
{
    uint8_t *bytes = malloc(order->piece);
    uint8_t *again = malloc(order->piece);
    enum fota_err err = bytes != NULL && again != NULL ? FOTA_OK : FOTA_E_NOMEM;
    while (err == FOTA_OK && *n_read < s->package.n_bytes) {
        const uint32_t left = s->package.n_bytes - *n_read;
        const uint32_t n = left < order->piece ? left : order->piece;
        err = fota_source_read(s, *n_read, bytes, n);
        if (err == FOTA_OK && *n_read % 3U == 0) {
            err = fota_source_read(s, *n_read, again, n);
            if (err == FOTA_OK && memcmp(bytes, again, n) != 0) {
                err = FOTA_E_INTERNAL;
            }
        }
        if (err == FOTA_OK) {
            *n_read += n;
            if (out != NULL && fwrite(bytes, 1, n, out) != n) {
                err = FOTA_E_IO;
            }
        }
    }
    free(bytes);
    free(again);
    return err;
}

static long now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000L + now.tv_nsec / 1000000L;
}

static void run(const struct order *order)
{
    struct fota_source source;
    FILE *out = order->out != NULL ? fopen(order->out, "wb") : NULL;
    uint32_t n_read = 0;
    uint32_t size = 0;
    reports[0] = '\0';
    const long begin = now_ms();
    enum fota_err err = fota_source_open(&source, order->url, &order->options);
    if (err == FOTA_OK) {
        size = source.package.n_bytes;
        err = read_all(&source, order, out, &n_read);
        fota_source_close(&source);
    }
    if (out != NULL) {
        (void)fclose(out);
    }
    (void)printf("%u %u %u %ld %s | %s | %s\n", fota_err_code(err), (unsigned)size,
                 (unsigned)n_read, now_ms() - begin, source.place, source.detail, reports);
    (void)fflush(stdout);
}

int main(void)
{
    char line[4096];
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const struct order order = parse(line);
        run(&order);
    }
    return 0;
}
