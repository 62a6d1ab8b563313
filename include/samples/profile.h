/* What samples hold, counted: triggers, senders, field use, codes, times, telephone numbers. Values are kept
 * only where samples/place.h has a code or nothing above `logistics`, and they are written like codes; of
 * all else only how often, and how many different ones. Memory is bounded whatever the samples. */
#ifndef SAMPLES_PROFILE_H
#define SAMPLES_PROFILE_H

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "samples/tally.h"

enum {
    PROFILE_FIELDS = 4000,   /* fields and elements */
    PROFILE_CODES = 64,      /* values of one field */
    PROFILE_DISTINCT = 4096, /* different values that are told apart, in one field */
    PROFILE_PATHS = 64,      /* where telephone numbers stand */
    PROFILE_COUNTRIES = 32,
};

/* One field of HL7 ("PID-3") or element of FHIR ("Patient.birthDate"), beside its count in `fields`. */
struct profile_field {
    size_t deletes;     /* "" */
    size_t repetitions; /* the most in one field */
    size_t n_distinct;  /* different values, up to PROFILE_DISTINCT */
    uint64_t *distinct; /* their hashes, an open table */
};

/* A place of telephone numbers, beside its count in `phones`. */
struct profile_phone {
    size_t valid[PROFILE_COUNTRIES]; /* messages with a number that is valid in that country */
    size_t last[PROFILE_COUNTRIES];
};

struct profile {
    struct arena arena; /* owns it all */
    size_t n_files, n_messages, n_hl7, n_fhir, n_faults;
    struct tally triggers, structures, senders, versions, charsets, processing, resources;
    struct tally segments; /* messages with it; Z-segments with their shape in `shapes` */
    struct tally shapes;   /* "ZPI a4 n8 - t": by component count and kind, of Z-segments */
    struct tally fields;   /* "PID-3", "Patient.telecom" */
    struct profile_field *field;
    struct tally codes;   /* "PV1-3.4", "Appointment.status" */
    struct tally *code;   /* their values */
    struct tally times;   /* "SCH-11.4 to the minute, no offset" */
    struct tally offsets; /* of MSH-7: "+0800" */
    struct tally phones;  /* "PID-13(3=CP)" */
    struct profile_phone *phone;
    struct tally nations; /* PID-11.6, MSH-17: "GBR" */
    const char *countries[PROFILE_COUNTRIES];
    size_t n_countries;
    bool countries_given;
    size_t patients; /* messages with PID or Patient */
};

/* countries: ISO 3166 alpha-2 of national numbers; none: they are derived. */
void profile_init(struct profile *p, const char *const *countries, size_t n);
void profile_free(struct profile *p);
/* Counts what is in a file. Pieces that cannot be read are told to `faults` (NULL: nobody) with `name` and
 * their offsets, and counted. */
void profile_file(struct profile *p, const char *name, struct str bytes, FILE *faults);
/* One message, for a caller that has cut it out; false: it cannot be read. */
bool profile_hl7(struct profile *p, struct str body, struct err *e) MUST_USE;
bool profile_fhir(struct profile *p, struct str body, struct err *e) MUST_USE;

/* Where the numbers are from: given, or what PID-11.6 and MSH-17 say, or where most of them are valid. NULL:
 * nothing says. The index into `countries` at *at. */
const char *profile_country(const struct profile *p, size_t *at);
/* "GBR" is "GB"; NULL: not in our table. */
const char *profile_alpha2(struct str nation);

/* Sorts; to be called once, before anything is printed. Look-ups by tally_find() end with it. */
void profile_sort(struct profile *p);
void profile_text(const struct profile *p, FILE *to);
void profile_json(const struct profile *p, struct buf *out);
/* One page of questions to those who run the sender, answered as far as the samples do. */
void profile_ask_sheet(const struct profile *p, FILE *to);

#endif
