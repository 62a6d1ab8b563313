/* The pages of web/link/, made whole once at start, and the headers that go with them. */
#ifndef PAGES_H
#define PAGES_H

#include "base/arena.h"
#include "base/err.h"
#include "net/http_server.h"

enum page { PAGE_LANDING, PAGE_DEAD, PAGES };
enum language { LANGUAGE_ZH_TW, LANGUAGE_EN, LANGUAGES };
enum { PAGE_FIELDS = 9 };

struct pages {
    struct str portal; /* as given, checked */
    struct str html[PAGES][LANGUAGES];
    struct http_field fields[LANGUAGES][PAGE_FIELDS]; /* security headers, Content-Language */
};

/* All of it lives in `a`. ERR_CONFIG: the portal is no https URL (http on loopback), has a fragment, or
 * a character that does not belong into a header. */
bool pages_make(struct pages *p, const char *portal, struct arena *a, struct err *e) MUST_USE;
/* False: no page in that language. */
bool pages_language(struct str name, enum language *out) MUST_USE;

#endif
