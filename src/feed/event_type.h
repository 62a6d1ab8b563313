/* The nine typed events and their slots: docs/feed-language.md, section 9.1, as data. */
#ifndef FEED_EVENT_TYPE_H
#define FEED_EVENT_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "model/class.h"

enum slot_kind {
    SLOT_KEY,
    SLOT_PHONE,
    SLOT_TAG,
    SLOT_SITE,
    SLOT_CODE,
    SLOT_INSTANT,
    SLOT_DATE,
    SLOT_TICKET,
    SLOT_COUNT,
    SLOT_FLAG,
};

struct slot_type {
    const char *name;
    enum slot_kind kind;
    bool required, carried;
    const char *codes;    /* CODE: "booked, moved, changed", as a message shows it */
    const char *standard; /* the value when it is not mapped; NULL: unset */
};

enum { EVENT_MAX_SLOTS = 8 };

struct event_type {
    const char *name;    /* "appointment/1" */
    const char *unit;    /* its unit key slot */
    bool sensitive;      /* its rules need `sensitive` */
    bool stale_at_start; /* stale once slot `start` has passed */
    int64_t stale_ms;    /* else this long after the message; 0: never */
    struct slot_type slots[EVENT_MAX_SLOTS];
    size_t n_slots;
};

const struct event_type *event_type_find(struct str name);
const struct event_type *event_type_at(size_t i); /* NULL past the end */
const struct slot_type *event_type_slot(const struct event_type *t, struct str name);

/* The slot that reminders of the event count back from: start, due or collect_by; NULL: none. */
const struct slot_type *event_type_time(const struct event_type *t);

const char *slot_kind_name(enum slot_kind k);
/* The highest class the slot may carry. */
enum sensitivity slot_ceiling(enum slot_kind k);
/* CODE: the word is one of the set. */
bool slot_code(const struct slot_type *s, struct str word);
/* TICKET, COUNT, TAG, DATE: the text has the form. True for all other kinds. */
bool slot_form(enum slot_kind k, struct str text);

#endif
