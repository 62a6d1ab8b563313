/* Every code that the checker gives (docs/feed-language.md, section 14): one table for findings, SARIF and
 * the page of each code. The examples of a code are in fixtures/codes/CODE/{bad,good}/. */
#ifndef FEED_CODE_H
#define FEED_CODE_H

#include <stddef.h>

#include "feed/feed.h"

struct code {
    const char *code;   /* "E401" */
    const char *name;   /* what never changes but for the number: "no-else" */
    const char *title;  /* one line, without a full stop; names in back-quotes */
    const char *cause;  /* two or three sentences: when it is given, and why that is a fault */
    const char *repair; /* what to do */
};

/* All of them in order of the code, errors first; NULL behind the last. Static. */
const struct code *code_at(size_t i);
size_t code_count(void);
/* The one with that code; NULL when there is none. */
const struct code *code_find(const char *code);
/* E is an error, W a warning. */
enum finding_severity code_severity(const char *code);

#endif
