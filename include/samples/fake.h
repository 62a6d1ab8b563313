/* Invented text in the place of a person's: of the same length and kind, the same for the same input and
 * key, so that what belongs together stays together across files. docs/decisions/045.
 *
 * Digits stay digits, letters letters of the same case, Han Han, kana kana, an accented letter an accented
 * letter; punctuation, blanks and HL7 escapes stay. All text is UTF-8. */
#ifndef SAMPLES_FAKE_H
#define SAMPLES_FAKE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum { FAKE_KEY = 32, FAKE_COUNTRIES = 16 };

struct fake {
    uint8_t key[FAKE_KEY];
    int shift_days; /* what times move by: whole weeks, back */
    const char
        *countries[FAKE_COUNTRIES]; /* whose national numbers are telephone numbers, best first */
    size_t n_countries;
};

/* key: 32 bytes, from a key file or random. countries: ISO 3166 alpha-2, at most FAKE_COUNTRIES are used; a
 * number that is valid in none of them is no telephone number. None: those whose ranges for fiction are
 * known. */
void fake_init(struct fake *f, const uint8_t key[FAKE_KEY], const char *const *countries, size_t n);

enum fake_as {
    FAKE_ID,   /* character by character, from the whole of it; no valid check digit */
    FAKE_NAME, /* a word becomes syllables */
    FAKE_TEXT, /* a word becomes one that means nothing */
};
/* escape: the message's escape character; 0: none. */
struct str fake_text(const struct fake *f, enum fake_as as, struct str text, char escape,
                     struct arena *a);
/* A number kept for fiction (or libphonenumber's example) of the same country, written as `text` is. False
 * when `text` is no valid number of any country of `f`, nor international. */
bool fake_phone(const struct fake *f, struct str text, struct arena *a, struct str *out);
/* A telephone number that is none: the same digits count, valid nowhere in `f`. */
struct str fake_no_phone(const struct fake *f, struct str text, char escape, struct arena *a);
/* local@domain: other letters, and a top-level domain that does not exist. */
struct str fake_mail(const struct fake *f, struct str text, struct arena *a);
/* A time of HL7 (8, 12 or 14 digits, with or without fraction and offset; "0000" for hours too) or FHIR,
 * moved by shift_days; everything but the date stays as written. False: it is none, or no year of
 * 1900 to 2100. */
bool fake_time(const struct fake *f, struct str text, struct arena *a, struct str *out);
/* A birth date: moved by up to three years either way, its own amount for each date. */
bool fake_birth(const struct fake *f, struct str text, struct arena *a, struct str *out);

#endif
