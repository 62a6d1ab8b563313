/* Every key that a file of a tenant may hold, as data: what the loader accepts, what editors complete
 * (JSON Schema) and what the reference page says all come from here. docs/feed-language.md sections 2, 3,
 * 6, 10, 11 and 12. */
#ifndef FEED_KEY_H
#define FEED_KEY_H

#include <stdbool.h>
#include <stddef.h>

enum key_block { /* a map with fixed keys */
                 BLOCK_FEED,
                 BLOCK_READS,
                 BLOCK_USES,
                 BLOCK_VALUE,
                 BLOCK_BRANCH,
                 BLOCK_FLAG,
                 BLOCK_RULE,
                 BLOCK_ON,
                 BLOCK_EACH,
                 BLOCK_ONLY_IF,
                 BLOCK_SENSITIVE,
                 BLOCK_CODES,
                 BLOCK_COALESCE,
                 BLOCK_NOTIFY,
                 BLOCK_TEST,
                 BLOCK_SEND,
                 BLOCK_REMIND,
                 BLOCK_OVERLAY_FILE,
                 BLOCK_OVERLAY,
                 BLOCK_WHERE,
                 BLOCK_POLICY,
                 BLOCK_DECLARE,
                 BLOCK_CEILING,
                 BLOCK_SEGMENT,
                 BLOCK_HOST,
                 BLOCK_SITE,
                 BLOCK_TEMPLATE,
                 BLOCKS
};

enum key_shape {
    KEY_TEXT,
    KEY_NAME,       /* [a-z][a-z0-9_-]{0,39}                                         */
    KEY_WORD,       /* one of `words`                                                */
    KEY_WORDS,      /* a list of them                                                */
    KEY_TEXTS,      /* a text or a list of texts                                     */
    KEY_TEXT_LIST,  /* a list of texts                                               */
    KEY_BLOCK,      /* a map with the keys of `block`                                */
    KEY_BLOCKS,     /* a list of such maps                                           */
    KEY_VALUES,     /* a map: name to value, or to `values.OTHER`                    */
    KEY_WITH,       /* a map: slot to value, flag, `values.NAME` or literal          */
    KEY_PHRASES,    /* a map: language to text                                       */
    KEY_TEXT_MAP,   /* a map: text to text                                           */
    KEY_DURATION,   /* 30s, 15m, 24h, 7d                                             */
    KEY_DURATIONS,  /* a list of them                                                */
    KEY_DATE,       /* 2026-11-20                                                    */
    KEY_CLASS,      /* public … clinical                                             */
    KEY_SOURCES,    /* path or expression, a list of them, `none`, or BLOCK_BRANCH   */
    KEY_CONDITION,  /* HL7: section 8; FHIR: an expression that gives one `true`     */
    KEY_WHERE,      /* a condition, or BLOCK_WHERE                                   */
    KEY_OTHERWISE,  /* drop(), hold(), reject(), site.FACT, none, or a literal       */
    KEY_STOP,       /* drop(), hold(), reject()                                      */
    KEY_AGREE,      /* warn, hold(), reject()                                        */
    KEY_CONVERTERS, /* a converter or a list of them, left to right                  */
    KEY_EXPECT,     /* a list of maps with one key each                              */
};

struct key_type {
    const char *name;
    enum key_shape shape;
    bool required;
    enum key_block block;     /* KEY_BLOCK, KEY_BLOCKS */
    const char *const *words; /* KEY_WORD, KEY_WORDS: NULL-ended */
    const char *standard;     /* what stands when it is left out; NULL: nothing */
    const char *meaning;      /* one line of Markdown */
};

struct block_type {
    const char *name;  /* "rule": as messages and the reference call it */
    const char *title; /* one line */
    const struct key_type *keys;
    size_t n_keys;
};

/* Never NULL. */
const struct block_type *key_block_at(enum key_block b);
/* NULL: the block has no such key. */
const struct key_type *key_find(enum key_block b, const char *name);
/* The closed set of a KEY_WORD or KEY_WORDS key. */
const char *const *key_words(enum key_block b, const char *name);

#endif
