#include "samples/fake.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "letters.h"
#include "looks_real.h"
#include "words.h"

enum { ROLLS = 64, TEXT_MOST = 64 << 20 };

/* Whose ranges for fiction, or example numbers, stand in for numbers of unknown country. */
static const char *const known_countries[] = {"US", "TW", "GB", "AU", "DE", "FR",
                                              "JP", "CA", "NL", "ES", "IT"};

void fake_init(struct fake *f, const uint8_t key[FAKE_KEY], const char *const *countries, size_t n)
{
    struct dice d;

    *f = (struct fake){.shift_days = 0};
    memcpy(f->key, key, FAKE_KEY);
    for (size_t i = 0; i < n && f->n_countries < FAKE_COUNTRIES; i++)
        f->countries[f->n_countries++] = countries[i];
    for (size_t i = 0; n == 0 && i < sizeof known_countries / sizeof known_countries[0]; i++)
        f->countries[f->n_countries++] = known_countries[i];
    dice_init(&d, f, "shift", STR(""), 0);
    f->shift_days = -364 * (1 + (int)dice_of(&d, 8));
}

/* One text on its way. */
struct faking {
    const struct fake *fake;
    enum fake_as as;
    struct dice dice; /* of the whole text */
    struct buf out;
    unsigned roll;
    bool hex; /* a UUID: its letters stay hexadecimal digits */
};

/* The length of what an escape that is no content takes at the front of s; 0: there is none.
 * \F\ \S\ ...  \.br\  \X0D\  \C2842\  \M212121\ */
static size_t escape_length(struct str s, char escape)
{
    const char *end;
    size_t n;

    if (!escape || s.n < 3 || s.p[0] != escape)
        return 0;
    end = memchr(s.p + 1, escape, s.n - 1 < 64 ? s.n - 1 : 64);
    if (!end)
        return 0;
    n = (size_t)(end - s.p) - 1;
    if ((n == 1 && memchr("FSTREPHN", s.p[1], 8)) || (s.p[1] == '.' && n <= 8))
        return n + 2;
    if (s.p[1] != 'X' && s.p[1] != 'C' && s.p[1] != 'M')
        return 0;
    for (size_t i = 2; i <= n; i++)
        if (!memchr("0123456789ABCDEFabcdef", s.p[i], 22))
            return 0;
    return n + 2;
}

/* Bytes given as digits become 'x', but for control characters. */
static void add_escape(struct faking *k, struct str s)
{
    if (s.p[1] != 'X') {
        (void)buf_add(&k->out, s);
        return;
    }
    (void)buf_add(&k->out, (struct str){s.p, 2});
    for (size_t i = 2; i + 1 < s.n; i++) {
        bool whole = i % 2 == 0 && i + 2 < s.n;

        if (whole && (s.p[i] == '0' || s.p[i] == '1'))
            (void)buf_add(&k->out, (struct str){s.p + i, 2});
        else if (whole)
            (void)buf_add(&k->out, STR("78"));
        else
            (void)buf_add_char(&k->out, '7');
        i += whole;
    }
    (void)buf_add_char(&k->out, s.p[s.n - 1]);
}

static char other_digit(struct faking *k, char c, bool first)
{
    return first && c != '0' ? (char)('1' + dice_of(&k->dice, 9))
                             : (char)('0' + dice_of(&k->dice, 10));
}

static void add_point(struct faking *k, struct str *rest)
{
    char bytes[4];
    struct str before = *rest;
    uint32_t cp = utf8_next(rest);

    if (cp == 0xFFFFFFFF || cp < 0x80) {
        (void)buf_add(&k->out, (struct str){before.p, before.n - rest->n});
        return;
    }
    (void)buf_add(&k->out, (struct str){bytes, utf8_put(letter_like(cp, &k->dice), bytes)});
}

static size_t run_of(struct str s, bool digits)
{
    size_t n = 0;

    while (n < s.n && (digits ? s.p[n] >= '0' && s.p[n] <= '9' : letter_ascii((uint8_t)s.p[n])))
        n++;
    return n;
}

static void add_letters(struct faking *k, struct str word)
{
    static const char hex[] = "0123456789abcdef";

    if (k->as == FAKE_ID) {
        for (size_t i = 0; i < word.n; i++) {
            char small =
                k->hex ? hex[10 + dice_of(&k->dice, 6)] : (char)('a' + dice_of(&k->dice, 26));

            (void)buf_add_char(&k->out,
                               letter_upper((uint8_t)word.p[i]) ? (char)(small - 32) : small);
        }
    } else if (k->as == FAKE_NAME) {
        word_name(k->fake, word, k->roll, &k->out);
    } else {
        word_neutral(k->fake, word, k->roll, &k->out);
    }
}

static bool is_uuid(struct str s)
{
    if (s.n != 36)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? s.p[i] != '-' : !memchr("0123456789abcdefABCDEF", s.p[i], 22))
            return false;
    }
    return true;
}

static void add_all(struct faking *k, struct str rest, char escape)
{
    bool first = true;

    while (rest.n) {
        size_t escaped = escape_length(rest, escape), digits = run_of(rest, true),
               letters = run_of(rest, false);

        if (escaped) {
            add_escape(k, (struct str){rest.p, escaped});
            rest = (struct str){rest.p + escaped, rest.n - escaped};
        } else if (digits) {
            for (size_t i = 0; i < digits; i++)
                (void)buf_add_char(&k->out, other_digit(k, rest.p[i], first && i == 0));
            rest = (struct str){rest.p + digits, rest.n - digits};
        } else if (letters) {
            add_letters(k, (struct str){rest.p, letters});
            rest = (struct str){rest.p + letters, rest.n - letters};
        } else {
            add_point(k, &rest);
        }
        first = false;
    }
}

static struct str one_roll(const struct fake *f, enum fake_as as, struct str text, char escape,
                           unsigned roll, struct arena *a)
{
    static const char *const domains[] = {
        [FAKE_ID] = "id", [FAKE_NAME] = "name", [FAKE_TEXT] = "text"};
    struct faking k = {.fake = f, .as = as, .out = buf_new(TEXT_MOST), .roll = roll};
    struct str out;

    k.hex = is_uuid(text);
    dice_init(&k.dice, f, domains[as], text, roll);
    add_all(&k, text, escape);
    out = arena_copy(a, buf_str(&k.out));
    buf_reset(&k.out);
    return out;
}

struct str fake_text(const struct fake *f, enum fake_as as, struct str text, char escape,
                     struct arena *a)
{
    struct str out = text;

    for (unsigned roll = 0; roll < ROLLS; roll++) {
        out = one_roll(f, as, text, escape, roll, a);
        if (!str_eq(out, text) && !looks_real(out))
            return out;
    }
    return out;
}
