/* Options of one entry of a list (`listen`, `senders`, `channels`): one row a key, as the settings have
 * theirs. Private to config. */
#ifndef CONFIG_OPTION_H
#define CONFIG_OPTION_H

#include "reading.h"

enum option_type {
    OPTION_FILE,   /* const char *: a path, relative to the settings file */
    OPTION_TEXT,   /* const char * */
    OPTION_TEXTS,  /* struct texts: one text or a list */
    OPTION_CHOICE, /* int: the index of the word */
    OPTION_BYTE,   /* int: written 0x0B; 0 when not set */
};

struct option {
    const char *key; /* "tls.key": key `key` in block `tls` */
    enum option_type type;
    size_t at;         /* in the entry's struct */
    const char *words; /* of a choice, blanks between; the first is the default */
    unsigned kinds;    /* of listeners that may have it, bits of enum listen_kind; 0 elsewhere */
    const char *help;  /* one sentence */
};

enum { ALL_LISTENERS = 0x1f };

/* One table for each kind of entry. */
struct options {
    const char *name; /* "sender": what an entry is called in an error */
    const struct option *rows;
    size_t n;
};
extern const struct options listen_options, sender_options, channel_options;

/* Stores one pair of an entry in `entry`. Unknown keys, wrong words and values are faults with a place. */
bool option_read(struct reading *r, const struct options *of, unsigned kind,
                 const struct yaml_pair *pair, void *entry);
/* A path as the settings file means it. */
const char *option_path(const struct reading *r, struct str path);

#endif
