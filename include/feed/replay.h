/* Two versions of a feed over the same messages: what would change for patients. Nothing is sent or stored.
 *
 * Each version starts with an empty memory and remembers only what it made of the messages given, so
 * neither sees an event that the other's past would have made (docs/decisions/034). Held against each other are
 * outcomes as `explain` shows them: before news, coalescing, quiet hours and caps. Results hold ids,
 * counts and words of the feeds; never a value of a message. */
#ifndef FEED_REPLAY_H
#define FEED_REPLAY_H

#include "feed/feed.h"

enum replay_change {
    REPLAY_TOLD,      /* newly told */
    REPLAY_SILENT,    /* no longer told */
    REPLAY_OTHERWISE, /* told both times: other template, language, recipient or text */
    REPLAY_STOPPED, /* told neither time, and stopped for another reason: hold instead of drop … */
    REPLAY_EVENT,   /* the same outcome of another event: which slots differ */
};

enum { REPLAY_IDS = 20 };

/* Messages for which the same changed in the same rule. */
struct replay_group {
    enum replay_change change;
    struct str rule;  /* the new feed's label; the old one's when it is gone */
    const char *file; /* its place */
    int line;
    struct str from, to; /* "hold: unknown site", "send visit_update"; slots or parts that differ */
    size_t n_messages, n_patients; /* patients by their key; 0 where no event names one */
    struct str ids[REPLAY_IDS];    /* of the first messages */
    size_t n_ids;
};

struct replay_report { /* groups by change, then as they came up */
    struct replay_group *groups;
    size_t n;
    size_t n_messages, n_changed; /* test messages left out */
    size_t n_tests, n_unreadable;
    size_t patients_told[2]; /* by the old feed, by the new */
};

struct feed_replay;

/* `a` and `b` outlive it. */
struct feed_replay *feed_replay_new(const struct feed *a, const struct feed *b);
void feed_replay_free(struct feed_replay *r); /* NULL is fine */
/* The next message, in the order of intake; in->memory and in->trace are not looked at. id: how results
 * name it. */
bool feed_replay_add(struct feed_replay *r, struct str id, const struct feed_input *in,
                     struct err *e) MUST_USE;
/* What came of those added so far; lives as long as `r`. */
struct replay_report feed_replay_report(struct feed_replay *r);

#endif
