/* Does a sample look as if it came from a real person? (docs/feed-language.md, section 12: E902)
 *
 *   identifier  a national number whose check digits are right. Schemes of digits alone fit one record number
 *               in ten by chance; they count only where type, authority or spelling names the scheme.
 *   phone       a number that can be dialled: valid, outside the ranges that regulators keep for fiction,
 *               and not one of libphonenumber's own examples.
 *
 * `check` reports what is found here, and `scrub` writes only what is not. Texts come from a sample, so none
 * of them enters a result: places and the names of schemes do. */
#ifndef FEED_REAL_H
#define FEED_REAL_H

#include "base/arena.h"
#include "base/err.h"
#include "model/message.h"

struct real_identifier {
    struct str text;      /* CX.1; Identifier.value */
    struct str type;      /* CX.5; Identifier.type.coding.code */
    struct str authority; /* CX.4; Identifier.system */
};

/* The scheme whose check digits are right, "Taiwan national identifier" (static); NULL: none. */
const char *real_identifier(const struct real_identifier *id);

/* True for a number that somebody may answer. Without "+" it is tried as a number of each of the countries
 * (ISO 3166 alpha-2); one reading that is fiction or an example makes it none. */
bool real_phone(struct str text, const char *const *countries, size_t n_countries, struct arena *a);

/* True for an E.164 number in a range that a regulator keeps for fiction. */
bool real_fiction(struct str e164);

/* ---- whole samples ---- */

struct real_hit {
    const char *place; /* "PID-3", "Patient.identifier" */
    const char *what;  /* "Taiwan national identifier", "phone number" (static) */
};

struct real_hits {
    struct real_hit *items; /* in order of the sample; a place and scheme once */
    size_t n;
};

enum { REAL_MOST_HITS = 100 };

struct real_search {
    enum message_kind kind;
    struct str body;
    struct str charset, fallback; /* HL7: as in struct message; absent: none */
    const char *const *countries; /* of national phone numbers */
    size_t n_countries;
    /* Fields that hold phone numbers beside PID-13, -14, -40, NK1 and GT1; NULL: none. HL7 only. */
    bool (*is_contact)(void *ctx, struct str segment, unsigned field);
    void *ctx;
};

/* Looks through one message. Places: HL7 PID-2, -3, -4, -18, -19, MRG-1, the numbers of NK1, GT1 and IN2, and
 * the phones above; FHIR identifiers and telecoms of Patient, Person and RelatedPerson. ERR_INPUT: the
 * body cannot be read. */
bool real_find(const struct real_search *s, struct arena *a, struct real_hits *out,
               struct err *e) MUST_USE;

#endif
