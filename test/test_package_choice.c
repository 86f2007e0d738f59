/* SPDX-License-Identifier: MIT */
#include "core/le.h"
#include "core/package_choice.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MASK       0x33U
#define BODY_BYTES 40U
#define SIGS_BYTES 70U

/* A package's first bytes; returns how many.  An empty from_version makes a full one. */
static uint32_t make_head(uint8_t *b, const char *product, const char *from, const char *to)
{
    const bool full = from[0] == '\0';
    const uint32_t n_text = (uint32_t)(strlen(product) + strlen(from) + strlen(to));
    const uint32_t head_bytes = FOTA_PACKAGE_FIXED_BYTES + n_text;
    const uint32_t total = head_bytes + SIGS_BYTES + BODY_BYTES;
    memset(b, 0, total);
    memcpy(b, "FOTA", 4);
    b[5] = MASK;
    fota_put_le16(b + 6, (uint16_t)head_bytes);
    fota_put_le32(b + 8, total);
    fota_put_le32(b + 12, full ? FOTA_FEATURE_FULL : 0);
    fota_put_le32(b + 20, full ? 0 : 1000);
    fota_put_le32(b + 24, 2000);
    memset(b + 28, full ? 0 : 0xB0, 32);
    fota_put_le16(b + 128, full ? 0 : 8);
    fota_put_le16(b + 130, 1);
    b[134] = 1;
    b[144] = (uint8_t)strlen(product);
    b[145] = (uint8_t)strlen(from);
    b[146] = (uint8_t)strlen(to);
    memcpy(b + 148, product, strlen(product));
    memcpy(b + 148 + strlen(product), from, strlen(from));
    memcpy(b + 148 + strlen(product) + strlen(from), to, strlen(to));
    b[head_bytes] = 1;
    b[head_bytes + 1] = 1;
    for (uint32_t i = FOTA_PACKAGE_PREFIX_BYTES; i < total; i++) {
        b[i] ^= MASK;
    }
    return total;
}

static void offer(struct fota_package_choice *choice, const char *name, const char *product,
                  const char *from)
{
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    const uint32_t n = make_head(head, product, from, "9");
    fota_package_choice_offer(choice, name, head, n);
}

/* What is chosen of a folder with four packages; "" for none. */
static const char *
chosen(struct fota_package_choice *choice, const char *product, const char *version)
{
    const struct fota_package_wanted wanted = {product, version};
    const char *name = "";
    fota_package_choice_begin(choice, &wanted);
    offer(choice, "a.fota", "LAMP", "1.0");
    offer(choice, "b.fota", "LAMP", "1.1");
    offer(choice, "full.fota", "LAMP", "");
    offer(choice, "door.fota", "DOOR", "1.0");
    const enum fota_err err = fota_package_choice_end(choice, &name);
    assert_int_equal(err, name[0] == '\0' ? FOTA_E_CHOICE : FOTA_OK);
    return name;
}

static void the_only_delta_that_fits_goes_before_the_only_full_package(void **state)
{
    static const struct {
        const char *product;
        const char *version;
        const char *name;
    } rows[] = {
        {"LAMP", "1.0", "a.fota"},
        {"LAMP", "1.1", "b.fota"},
        {"LAMP", "1.2", "full.fota"},
        {"DOOR", "1.0", "door.fota"},
        {"DOOR", "1.1", ""},
        {"DOOR", "", "door.fota"},
        {"LAMP", "", ""},
        {NULL, "1.0", ""},
        {NULL, "1.1", "b.fota"},
        {"LAM", "1.0", ""},
        {"LAMP", "1", "full.fota"},
        {"LAMP2", "1.0", ""},
    };
    struct fota_package_choice choice;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_string_equal(chosen(&choice, rows[i].product, rows[i].version), rows[i].name);
    }
}

static void names_are_looked_at_only_if_they_end_in_fota(void **state)
{
    char name[300];
    (void)state;
    assert_true(fota_package_choice_name("a.fota"));
    assert_true(fota_package_choice_name("A.FoTa"));
    assert_false(fota_package_choice_name(".fota"));
    assert_false(fota_package_choice_name("._a.fota"));
    assert_false(fota_package_choice_name("a.fot"));
    assert_false(fota_package_choice_name("a.fota.part"));
    assert_false(fota_package_choice_name("fota"));
    assert_false(fota_package_choice_name(""));
    memset(name, 'x', sizeof name);
    memcpy(name + FOTA_PACKAGE_CHOICE_NAME_MAX - 5, ".fota", 6);
    assert_true(fota_package_choice_name(name));
    memset(name, 'x', sizeof name);
    memcpy(name + FOTA_PACKAGE_CHOICE_NAME_MAX - 4, ".fota", 6);
    assert_false(fota_package_choice_name(name));
}

static void heads_cut_anywhere_are_passed_over(void **state)
{
    const struct fota_package_wanted wanted = {NULL, NULL};
    struct fota_package_choice choice;
    uint8_t head[FOTA_PACKAGE_HEAD_MAX];
    const char *name = NULL;
    (void)state;
    const uint32_t n = make_head(head, "LAMP", "1.0", "1.1");
    fota_package_choice_begin(&choice, &wanted);
    for (uint32_t cut = 0; cut < n; cut++) {
        (void)make_head(head, "LAMP", "1.0", "1.1");
        fota_package_choice_offer(&choice, "a.fota", head, cut);
    }
    assert_int_equal(fota_package_choice_end(&choice, &name), FOTA_E_CHOICE);
    (void)make_head(head, "LAMP", "1.0", "1.1");
    fota_package_choice_offer(&choice, "a.fota", head, n);
    assert_int_equal(fota_package_choice_end(&choice, &name), FOTA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_delta_that_fits_goes_before_the_only_full_package),
        cmocka_unit_test(names_are_looked_at_only_if_they_end_in_fota),
        cmocka_unit_test(heads_cut_anywhere_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
