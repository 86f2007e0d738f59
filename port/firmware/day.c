/* SPDX-License-Identifier: MIT */
/* AT+QDAY="2026-11-24": day of the week, day of the year, days since 1970-01-01. */
#include "port/firmware/firmware.h"
#include "port/firmware/text.h"

static const char *const weekdays[] = {"Thursday", "Friday",  "Saturday", "Sunday",
                                       "Monday",   "Tuesday", "Wednesday"};
static const uint16_t days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

static bool is_leap(uint32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint32_t days_in(uint32_t year, uint32_t month)
{
    if (month == 2) {
        return is_leap(year) ? 29 : 28;
    }
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static uint32_t day_of_year(uint32_t year, uint32_t month, uint32_t day)
{
    return days_before[month - 1] + day + (month > 2 && is_leap(year) ? 1U : 0U);
}

static uint32_t leap_days_before(uint32_t year)
{
    return (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
}

static bool parse_date(const char *s, uint32_t *year, uint32_t *month, uint32_t *day)
{
    if (!firmware_text_number(&s, year) || *s++ != '-' || !firmware_text_number(&s, month) ||
        *s++ != '-' || !firmware_text_number(&s, day) || *s != '\0') {
        return false;
    }
    return *year >= 1970 && *year <= 9999 && *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= days_in(*year, *month);
}

enum fota_at_answer firmware_on_day(struct fota_at_server *s, enum fota_at_form form,
                                    const char *args, size_t n_args)
{
    (void)form;
    (void)n_args;
    char date[16];
    uint32_t year;
    uint32_t month;
    uint32_t day;
    if (!firmware_text_unquote(args, date, sizeof date) ||
        !parse_date(date, &year, &month, &day)) {
        s->error = FOTA_E_SYNTAX;
        return FOTA_AT_DONE_ERROR;
    }
    uint32_t of_year = day_of_year(year, month, day);
    uint32_t since =
        (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970) + of_year - 1;
    char line[64];
    struct firmware_text t = firmware_text_begin(line, sizeof line);
    firmware_text_add(&t, "+QDAY: \"");
    firmware_text_add(&t, weekdays[since % 7]);
    firmware_text_add(&t, "\",");
    firmware_text_add_number(&t, of_year);
    firmware_text_add_char(&t, ',');
    firmware_text_add_number(&t, since);
    fota_at_server_info(s, line);
    return FOTA_AT_DONE_OK;
}
