/* Telephone numbers that nobody answers, in the place of those that somebody may. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "dice.h"
#include "feed/real.h"
#include "looks_real.h"
#include "phone/phone.h"

enum { DIGITS = 20, ROLLS = 64 };

/* Ranges for fiction that libphonenumber takes for valid numbers; "#" is any digit. The first that begins
 * as the number does and is as long is used. */
static const struct {
    const char *begins, *form;
} forms[] = {
    {"+1", "+1212555010#"},     {"+447", "+447700900###"},  {"+44", "+442079460###"},
    {"+614", "+61491570156"},   {"+613", "+6135550####"},   {"+617", "+6175550####"},
    {"+618", "+6185550####"},   {"+61", "+6125550####"},    {"+336", "+3363998####"},
    {"+337", "+3363998####"},   {"+332", "+3326191####"},   {"+333", "+3335301####"},
    {"+334", "+3346571####"},   {"+335", "+3353649####"},   {"+33", "+3319900####"},
    {"+4930", "+493023125###"}, {"+4917", "+491713920###"}, {"+49", "+494066969###"},
    {"+467", "+467017406##"},   {"+468", "+468465004##"},   {"+353", "+3532091#####"},
};

static const char *const north_american[] = {"202", "206", "212", "303", "312",
                                             "404", "415", "512", "617", "718"};

struct number {
    char digits[DIGITS + 2]; /* with a leading '+' when it was written so */
    size_t n;
    bool plus;
    char e164[PHONE_TEXT];
    const char *country; /* it is national there; NULL: international */
};

/* Digits up to the first letter. */
static bool read_digits(struct str text, struct number *out)
{
    out->n = 0;
    out->plus = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c >= '0' && c <= '9') {
            if (out->n == DIGITS)
                return false;
            out->digits[out->n++] = c;
        } else if (c == '+' && out->n == 0) {
            out->digits[out->n++] = c;
            out->plus = true;
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            break;
        }
    }
    out->digits[out->n] = '\0';
    return out->n >= 7;
}

static bool read_number(const struct fake *f, struct str text, struct number *out)
{
    struct str digits;

    if (!read_digits(text, out))
        return false;
    digits = (struct str){out->digits, out->n};
    out->country = NULL;
    if (out->plus)
        return phone_e164(digits, "ZZ", out->e164) == PHONE_OK;
    for (size_t i = 0; i < f->n_countries; i++) {
        out->country = f->countries[i];
        if (phone_e164(digits, out->country, out->e164) == PHONE_OK)
            return true;
    }
    return false;
}

static bool fill_form(const struct number *from, struct dice *d, char out[PHONE_TEXT])
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *form = forms[i].form;

        if (!str_starts(str_of(from->e164), str_of(forms[i].begins)) ||
            strlen(form) != strlen(from->e164))
            continue;
        for (size_t k = 0; k <= strlen(form); k++)
            out[k] = form[k] == '#' ? (char)('0' + dice_of(d, 10)) : form[k];
        if (str_starts(str_of(form), STR("+1"))) {
            memcpy(out + 2, north_american[dice_of(d, 10)], 3);
            out[10] = (char)('0' + dice_of(d, 10));
        }
        if (real_fiction(str_of(out)) && phone_calling_code(out) == phone_calling_code(from->e164))
            return true;
    }
    return false;
}

/* The digits of `text` become `digits`, one for one; what is left over stands at the end. */
static struct str written_as(struct str text, const char *digits, struct arena *a)
{
    char *to = arena_get(a, text.n + DIGITS + 1, 1);
    size_t n = 0, at = 0, left = strlen(digits);

    for (size_t i = 0; i < text.n; i++) {
        bool digit = text.p[i] >= '0' && text.p[i] <= '9';

        if (digit && at == left)
            continue;
        to[n++] = digit ? digits[at++] : text.p[i];
    }
    while (at < left)
        to[n++] = digits[at++];
    return (struct str){to, n};
}

/* The invented number as this one was written: with its national prefix, or none. */
static const char *national(const struct number *from, const char *e164, struct arena *a)
{
    char code[8] = "+";
    size_t skip, n;
    const char *own;

    (void)snprintf(code, sizeof code, "+%d", phone_calling_code(from->e164));
    skip = strlen(code);
    own = from->e164 + skip;
    n = strlen(own);
    if (from->n < n || memcmp(from->digits + from->n - n, own, n) != 0)
        return NULL;
    return arena_printf(a, "%.*s%s", (int)(from->n - n), from->digits, e164 + skip).p;
}

static struct str put_number(const struct number *from, struct str text, const char *e164,
                             struct arena *a)
{
    const char *digits = from->country ? national(from, e164, a) : e164 + 1;
    char again[PHONE_TEXT];

    if (digits && from->country &&
        (phone_e164(str_of(digits), from->country, again) != PHONE_OK || strcmp(again, e164) != 0))
        digits = NULL;
    return digits ? written_as(text, digits, a) : arena_copy(a, str_of(e164));
}

bool fake_phone(const struct fake *f, struct str text, struct arena *a, struct str *out)
{
    struct number from;
    char e164[PHONE_TEXT];

    if (!read_number(f, text, &from))
        return false;
    for (unsigned roll = 0; roll < ROLLS; roll++) {
        struct dice d;

        dice_init(&d, f, "phone", str_of(from.e164), roll);
        if (!fill_form(&from, &d, e164) && !phone_example_like(from.e164, e164))
            return false;
        *out = put_number(&from, text, e164, a);
        if (!real_phone(*out, f->countries, f->n_countries, a))
            return true;
    }
    *out = arena_copy(a, str_of(e164));
    return true;
}

struct str fake_no_phone(const struct fake *f, struct str text, char escape, struct arena *a)
{
    struct str out = text, ignored;

    for (unsigned roll = 0; roll < ROLLS; roll++) {
        out = fake_text(f, FAKE_ID, out, escape, a);
        if (!fake_phone(f, out, a, &ignored) && !real_phone(out, f->countries, f->n_countries, a))
            break;
    }
    return out;
}

struct str fake_mail(const struct fake *f, struct str text, struct arena *a)
{
    struct str out = fake_text(f, FAKE_NAME, text, 0, a);
    char *p = (char *)(uintptr_t)out.p;

    for (size_t i = out.n; i > 0 && p[i - 1] != '.' && p[i - 1] != '@'; i--)
        p[i - 1] = 'z';
    return out;
}
