/* Check digits of national numbers. Each takes the number in upper case without spaces, hyphens, dots and
 * slashes, NUL-terminated; n is its length. Private to feed. */
#ifndef FEED_REAL_DIGITS_H
#define FEED_REAL_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

bool digits_aadhaar(const char *s, size_t n);     /* India: 12 digits, Verhoeff */
bool digits_belgium(const char *s, size_t n);     /* national register number: 11, mod 97 */
bool digits_bsn(const char *s, size_t n);         /* Netherlands: 9, the eleven test */
bool digits_china(const char *s, size_t n);       /* GB 11643: 18, date, ISO 7064 MOD 11-2 */
bool digits_cpf(const char *s, size_t n);         /* Brazil: 11, two check digits */
bool digits_cpr(const char *s, size_t n);         /* Denmark: 10, date, mod 11 */
bool digits_dni(const char *s, size_t n);         /* Spain: DNI and NIE, mod 23 */
bool digits_fiscal_code(const char *s, size_t n); /* Italy: 16 */
bool digits_hetu(const char *s, size_t n);        /* Finland: 10, the century sign left out */
bool digits_ihi(const char *s, size_t n);         /* Australia: 16, 800360, Luhn */
bool digits_korea(const char *s, size_t n);     /* resident registration number: 13, date, mod 11 */
bool digits_kvnr(const char *s, size_t n);      /* Germany: a letter and 9 digits */
bool digits_medicare(const char *s, size_t n);  /* Australia: 10 or 11 */
bool digits_my_number(const char *s, size_t n); /* Japan: 12, mod 11 */
bool digits_nhs(const char *s, size_t n);       /* England: 10, mod 11 */
bool digits_nir(const char *s, size_t n);       /* France: 15, mod 97 */
bool digits_norway(const char *s, size_t n);    /* 11, date, two check digits */
bool digits_npi(const char *s, size_t n);       /* USA: 10, Luhn behind 80840 */
bool digits_nric(const char *s, size_t n);      /* Singapore: 9 */
bool digits_personnummer(const char *s, size_t n); /* Sweden: 10 or 12, date, Luhn */
bool digits_ssn(const char *s, size_t n); /* USA: 9; no check digit, numbers that are given out */
bool digits_taiwan(const char *s, size_t n); /* identity card and resident certificate: 10 */

#endif
