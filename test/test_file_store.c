/* SPDX-License-Identifier: MIT */
#include "module/file_store.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct file_store store;

static int set_up(void **state)
{
    (void)state;
    store_init(&store, 100, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_close(&store);
    return 0;
}

static struct stored_file *make(const char *name, size_t n)
{
    struct stored_file *file = NULL;
    uint8_t bytes[1000];
    memset(bytes, 'x', sizeof bytes);
    assert_int_equal(store_create(&store, name, &file), FOTA_OK);
    assert_int_equal(store_append(&store, file, bytes, n), FOTA_OK);
    return file;
}

static void names_have_a_place_and_nothing_odd(void **state)
{
    static const struct {
        const char *text;
        const char *name; /* a null pointer: refused */
    } rows[] = {
        {"a.bin", "UFS:a.bin"},
        {"RAM:a", "RAM:a"},
        {"UFS:a", "UFS:a"},
        {"ram:a", NULL},
        {"", NULL},
        {"RAM:", NULL},
        {"a/b", NULL},
        {"..\\a", NULL},
        {"a*", NULL},
        {"UFS:RAM:a", NULL},
        {"a b", "UFS:a b"},
        {"1234567890123456789012345678901234567890123456789012345678x",
         "UFS:1234567890123456789012345678901234567890123456789012345678x"},
        {"1234567890123456789012345678901234567890123456789012345678xy", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[STORE_NAME_MAX + 1];
        const bool taken = store_name(name, rows[i].text) == FOTA_OK;
        assert_int_equal(taken, rows[i].name != NULL);
        if (taken) {
            assert_string_equal(name, rows[i].name);
        }
    }
}

static void each_place_has_its_own_room(void **state)
{
    (void)state;
    struct stored_file *ram = make("RAM:a", 60);
    struct stored_file *ufs = make("UFS:a", 999);
    uint8_t bytes[41] = {0};
    assert_int_equal(store_free(&store, STORE_RAM), 40);
    assert_int_equal(store_free(&store, STORE_UFS), 1);
    assert_int_equal(store_append(&store, ram, bytes, 41), FOTA_E_STORE);
    assert_int_equal(ram->n_bytes, 60);
    assert_int_equal(store_append(&store, ram, bytes, 40), FOTA_OK);
    assert_int_equal(store_append(&store, ufs, bytes, 2), FOTA_E_STORE);
    assert_int_equal(store_remove(ram), FOTA_OK);
    assert_int_equal(store_free(&store, STORE_RAM), 100);
    assert_null(store_find(&store, "RAM:a"));
    assert_ptr_equal(store_find(&store, "UFS:a"), ufs);
}

static void a_file_in_use_is_neither_removed_nor_emptied(void **state)
{
    struct stored_file *again = NULL;
    uint32_t number = 0;
    (void)state;
    struct stored_file *file = make("UFS:a", 10);
    assert_int_equal(store_open(&store, file, &number), FOTA_OK);
    assert_int_equal(store_remove(file), FOTA_E_IN_USE);
    assert_int_equal(store_create(&store, "UFS:a", &again), FOTA_E_IN_USE);
    assert_int_equal(file->n_bytes, 10);
    store_close_handle(store_handle(&store, number));
    assert_null(store_handle(&store, number));
    assert_null(store_handle(&store, 0));
    assert_int_equal(store_create(&store, "UFS:a", &again), FOTA_OK);
    assert_int_equal(again->n_bytes, 0);
    assert_int_equal(store_remove(again), FOTA_OK);
}

static void files_and_handles_are_bounded(void **state)
{
    char name[STORE_NAME_MAX + 1];
    struct stored_file *file = NULL;
    uint32_t numbers[STORE_HANDLES_MAX + 1];
    (void)state;
    for (int i = 0; i < STORE_FILES_MAX; i++) {
        (void)snprintf(name, sizeof name, "RAM:%d", i);
        file = make(name, 1);
    }
    assert_int_equal(store_create(&store, "RAM:more", &file), FOTA_E_STORE);
    for (int i = 0; i < STORE_HANDLES_MAX; i++) {
        assert_int_equal(store_open(&store, file, &numbers[i]), FOTA_OK);
    }
    assert_int_equal(store_open(&store, file, &numbers[STORE_HANDLES_MAX]), FOTA_E_IN_USE);
    const uint32_t old = numbers[0];
    store_close_handle(store_handle(&store, old));
    assert_int_equal(store_open(&store, file, &numbers[0]), FOTA_OK);
    assert_int_not_equal(numbers[0], old); /* a number that was closed stays closed */
}

static void a_reset_forgets_ram_and_closes_all(void **state)
{
    uint32_t number = 0;
    (void)state;
    (void)make("RAM:a", 5);
    struct stored_file *file = make("UFS:a", 5);
    assert_int_equal(store_open(&store, file, &number), FOTA_OK);
    store_reset(&store);
    assert_null(store_find(&store, "RAM:a"));
    assert_null(store_handle(&store, number));
    assert_int_equal(store_find(&store, "UFS:a")->n_bytes, 5);
    assert_int_equal(store_remove(store_find(&store, "UFS:a")), FOTA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_have_a_place_and_nothing_odd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_place_has_its_own_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_in_use_is_neither_removed_nor_emptied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(files_and_handles_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_reset_forgets_ram_and_closes_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
