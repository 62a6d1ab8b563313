/* The tokens of JSON that are longer than one character. Private to json.c. */
#ifndef FHIR_JSON_TOKEN_H
#define FHIR_JSON_TOKEN_H

#include "base/arena.h"
#include "base/str.h"

struct json_token {
    struct str text;   /* string: decoded; number: as written */
    size_t end;        /* one past its last byte; on a fault, where that is */
    const char *fault; /* NULL: all is well */
};

/* `at` stands on the opening quote. */
struct json_token json_token_string(struct str in, size_t at, size_t max, struct arena *a);
/* `at` stands on '-' or a digit. */
struct json_token json_token_number(struct str in, size_t at, size_t max);

#endif
