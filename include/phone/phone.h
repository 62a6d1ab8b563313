/* Telephone numbers: a thin C shim over libphonenumber. No exception crosses it. */
#ifndef PHONE_PHONE_H
#define PHONE_PHONE_H

#include <stdbool.h>

#include "base/str.h"

enum { PHONE_TEXT = 20 };

enum phone_result { PHONE_OK, PHONE_NOT_VALID, PHONE_NOT_A_NUMBER };

#ifdef __cplusplus
extern "C" {
#endif

/* `text`: digits and at most one leading '+', ASCII. With '+' or the country's international prefix it is
 * international, else national for `country` (ISO 3166 alpha-2, NUL-terminated). PHONE_OK: out is E.164 with '+'. */
enum phone_result phone_e164(struct str text, const char *country, char out[PHONE_TEXT]);
/* True for a number that libphonenumber's metadata gives as an example, of any region and type. */
bool phone_is_example(const char *e164);
/* An example number of the region and type of `e164`, of the same length where the metadata has one. False when
 * it has none at all. */
bool phone_example_like(const char *e164, char out[PHONE_TEXT]);
/* The country calling code of an E.164 number with '+': 886; 0 when it has none. */
int phone_calling_code(const char *e164);
/* True when libphonenumber knows the region. */
bool phone_country_known(const char *country);

#ifdef __cplusplus
}
#endif
#endif
