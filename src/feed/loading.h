/* One load of one feed: what the readers of its parts share, and the questions of shape they all ask. */
#ifndef FEED_LOADING_H
#define FEED_LOADING_H

#include "feed/key.h"
#include "model.h"
#include "report.h"

struct loading {
    struct feed *f;
    struct arena *a; /* the feed's: what is compiled lives here */
    struct report *r;
    int64_t now_ms; /* policy dates are held against it; 0: they are not */

    const struct yaml_node *feed_root, *tables_node;
    struct overlay_file *overlays;
    size_t n_overlays;
    struct map *map;                    /* the one being compiled */
    bool sites_faulty;                  /* not all sites are known: no table is held against them */
    bool tables_known, templates_known; /* else a name that is not found is no finding */
    bool site_missed;                   /* said once that there is no values.site */
    bool *table_used, *template_used;
    struct table_check *table_checks; /* what table_check_slot() has gone through */
    size_t n_table_checks, table_check_room;
    struct str *used_values; /* names, over all maps */
    size_t n_used_values, used_room;
    struct str *reasons;
    size_t n_reasons;
    uint8_t *digests; /* of the files read, 32 bytes each, in order */
    size_t n_digests, digest_room;
};

struct overlay_file {
    const char *file, *name;
    const struct yaml_node *root;
};

/* ---- files (load.c) ---- */

/* Reads a file of the feed's folder, at most `max` bytes. False after E007 or E006 at `at`. */
bool loading_read(struct loading *l, const char *relative, size_t max, const struct yaml_node *at,
                  struct str *out);
/* The YAML of such a file; NULL when it was reported. */
struct yaml_node *loading_yaml(struct loading *l, const char *relative, const struct yaml_node *at);

/* ---- shape: each asks one thing, reports it, and answers false (shape.c) ---- */

/* A missing node (NULL, or a key with nothing behind it) answers false and is not reported again. */
bool shape_map(struct loading *l, const struct yaml_node *n, const char *what);
bool shape_list(struct loading *l, const struct yaml_node *n, const char *what);
bool shape_text(struct loading *l, const struct yaml_node *n, const char *what);
/* E101 for every key of `map` that the block does not have. One with a suggestion counts as that from then on,
 * if the map does not have it: ask for the keys of a map behind this. */
void shape_keys(struct loading *l, const struct yaml_node *map, enum key_block block);
/* The value of a key that must be there; E103 at the map when it is not. */
struct yaml_node *shape_required(struct loading *l, const struct yaml_node *map, const char *key);
/* A text or a list of texts as a list: n and items. Reported and n 0 when it is neither. */
struct yaml_node **shape_texts(struct loading *l, struct yaml_node *n, const char *what,
                               size_t *count);
/* [a-z][a-z0-9_-]{0,39}; E103. */
bool shape_name(struct loading *l, const struct yaml_node *n, const char *what);
/* "15m" as ms, E105 unless between least and most. */
bool shape_duration(struct loading *l, const struct yaml_node *n, int64_t least, int64_t most,
                    int64_t *ms);
/* The place of a word in a NULL-ended list; -1 and E106 with a suggestion. */
int shape_word(struct loading *l, const struct yaml_node *n, const char *const *words);
/* 2026-11-20 as Unix ms of its start; E105. */
bool shape_date(struct loading *l, const struct yaml_node *n, int64_t *ms);
/* "public" … "clinical"; E106. */
bool shape_class(struct loading *l, const struct yaml_node *n, enum sensitivity *out);
/* Code points of a text. */
size_t shape_length(struct str s);

/* ---- the parts ---- */

void sites_load(struct loading *l, const struct yaml_node *at);
void templates_load(struct loading *l, const struct yaml_node *at);
void templates_finish(struct loading *l); /* ceilings of the policy, offered languages */
void policy_load(struct loading *l, const struct yaml_node *at);
void tables_load(struct loading *l, const struct yaml_node *at);
void overlays_find(struct loading *l);
/* Compiles l->f->maps: the plain feed, then one map an overlay. */
void maps_load(struct loading *l);
void values_load(struct loading *l, const struct yaml_node *values);
void rules_load(struct loading *l, const struct yaml_node *rules);
/* `before` of one entry, whose event is read already. */
void reminders_load(struct loading *l, const struct yaml_pair *before, struct notify_entry *e);
void notify_load(struct loading *l, const struct yaml_node *list);
void tests_load(struct loading *l);
void check_flow(struct loading *l);   /* classes against ceilings: E601, E605, E801, E802 */
void check_unused(struct loading *l); /* W901, W902 */

/* ---- pieces of values, used by rules, notify and overlays too ---- */

/* The table of that name, marked as used; NULL after E301. */
const struct table *loading_table(struct loading *l, const struct yaml_node *n);
/* The template of that name, marked as used; NULL after E701. */
const struct template *loading_template(struct loading *l, const struct yaml_node *n);
/* A value written in `values` or `with`. A flag's branches are conditions. */
void value_load(struct loading *l, const struct yaml_pair *pair, bool flag, struct value *out);
/* Adds the class of the site to a value that depends on it. */
void value_join_site(struct loading *l, struct value *v);
void branch_load(struct loading *l, struct yaml_node *n, int side, struct branch *out);
void condition_load(struct loading *l, const struct yaml_node *n, int side, struct branch *out);
void otherwise_load(struct loading *l, const struct yaml_node *n, struct otherwise *out);
/* The value that `values.NAME` means, or NULL after E110. */
const struct value *value_named(struct loading *l, struct str name, const struct yaml_node *at);
/* Reports what keeps the value out of the slot: E304, E305, E402, E405, E504, E505, E506, E112, E303. */
void binding_check(struct loading *l, const struct rule *rule, struct binding *b);
/* E303 for every `to` that the slot does not take; a table is gone through once for each kind of slot. */
void table_check_slot(struct loading *l, const struct table *t, const struct slot_type *slot);

#endif
