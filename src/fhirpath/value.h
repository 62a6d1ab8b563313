/* Collections of items, and what FHIRPath says of two of them. Private to module fhirpath. */
#ifndef FHIRPATH_VALUE_H
#define FHIRPATH_VALUE_H

#include "expr.h"

/* One evaluation: bounded by steps, so that no message costs more than a moment. A step is an item, a member
 * of an object or 64 bytes of text that are looked at. */
struct run {
    const struct expr *nodes;
    const struct fhirpath_scope *scope;
    struct arena *a;
    size_t steps; /* that are left */
    bool over;    /* there were too few */
    struct err *e;
};

struct list {
    struct fhirpath_item *items;
    size_t n, room;
};

enum truth { TRUTH_EMPTY, TRUTH_FALSE, TRUTH_TRUE };

/* Counts n steps; false, with the error, once there were too many. */
bool run_steps(struct run *r, size_t n);
/* ERR_INPUT, FHIRPATH_ERROR. */
bool run_fail(struct run *r, const char *what);

bool list_add(struct run *r, struct list *l, struct fhirpath_item item);
bool list_add_all(struct run *r, struct list *l, const struct list *more);

/* The elements `name` of one item, choices (value[x]) and "_name" twins included. */
bool value_children(struct run *r, const struct fhirpath_item *item, struct str name,
                    struct list *out);
/* A resource as an item. */
struct fhirpath_item value_resource(const struct json_node *node);
struct fhirpath_item value_string(struct str text);
struct fhirpath_item value_boolean(bool b);

/* True when the item is of that type or one below it. */
bool value_is(const struct fhirpath_item *item, struct str type, bool system);
bool value_is_string(const struct fhirpath_item *item);

/* "Singleton evaluation of collections": one item as a boolean. */
bool value_truth(struct run *r, const struct list *l, enum truth *out);

enum truth value_equal(struct run *r, const struct fhirpath_item *a, const struct fhirpath_item *b);
/* `=` of two collections. */
enum truth list_equal(struct run *r, const struct list *a, const struct list *b);

/* ---- text, by code points ---- */

/* length SIZE_MAX: to the end. Absent when `start` is not inside. */
struct str text_substring(struct str s, size_t start, size_t length);
struct str text_trim(struct str s); /* Unicode white space */
struct str text_case(struct arena *a, struct str s, bool upper);
bool text_contains(struct str s, struct str part);
bool text_ends(struct str s, struct str tail);

#endif
