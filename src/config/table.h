/* The table of settings: one row a key. The reader, the defaults, docs/settings.md and the suggestions are
 * all made from it. Private to config. */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum setting_type {
    SETTING_STORE,    /* "sqlite" */
    SETTING_FILE,     /* a path, relative to the settings file */
    SETTING_FOLDER,   /* likewise */
    SETTING_DIGITS,   /* an id that is a number, as text */
    SETTING_URL,      /* https, or http on loopback; no query, no slash at the end */
    SETTING_URL_HEAD, /* likewise, but with a slash at the end: something is put behind it */
    SETTING_COUNT,
    SETTING_BYTES,
    SETTING_DURATION, /* milliseconds */
};

struct setting {
    const char *key; /* "links.ttl": key `ttl` in block `links` */
    enum setting_type type;
    size_t at; /* in struct config: a const char * up to SETTING_URL_HEAD, else an int64_t */
    const char *standard; /* as one would write it; NULL: it must be set */
    int64_t min, max;     /* of numbers */
    const char *help;     /* one sentence */
};

extern const struct setting settings[];
extern const size_t n_settings;

/* "a count", "a size", … for docs and errors. */
const char *setting_type_name(enum setting_type t);

/* What `listen` may hold, by enum listen_kind. */
struct listen_row {
    const char *name;
    int feed; /* it takes messages: an entry names its feed */
    const char *help;
};
enum { LISTEN_KINDS = 5 };
extern const struct listen_row listen_rows[LISTEN_KINDS];

#endif
