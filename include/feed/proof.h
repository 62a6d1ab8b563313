/* The evidence that a feed leaks nothing: for every template and everything that leaves or is decided with it,
 * every path that can reach it. docs/feed-language.md, section 13. */
#ifndef FEED_PROOF_H
#define FEED_PROOF_H

#include "base/buf.h"
#include "feed/feed.h"
#include "model/class.h"

enum proof_from {
    PROOF_PATH,      /* a field or element of the message */
    PROOF_CONDITION, /* the same, as a condition tests it */
    PROOF_TRIGGER,   /* which message it is: MSH-9, the type of the resource */
    PROOF_OVERLAY,   /* what an overlay is chosen by */
    PROOF_SITE,      /* a fact of sites.yaml */
    PROOF_TABLE,     /* the words of a table */
    PROOF_LITERAL,   /* a constant of the feed */
};

/* One thing that can reach a sink, at its place in the files. */
struct proof_path {
    enum proof_from from;
    const char *text; /* "PID-13(3=CP)", "language.csv", "booked" */
    enum sensitivity class;
    const char *through; /* "appointment/1.phone", "only_if of result ready"; never NULL */
    const char *value;   /* "values.phone"; NULL: it is written in `with` */
    const char *rule;    /* label; NULL: of no single rule */
    const char *overlay; /* NULL: of the plain feed */
    const char *file;
    int line, column;
};

enum proof_sink_kind {
    PROOF_PARAMETER, /* ceiling: what the template may show */
    PROOF_LANGUAGE,  /* choice of the translation: preference */
    PROOF_TEMPLATE, /* choice of the template, by `when` and by guards of rules that share a trigger: logistics */
    PROOF_TIME,      /* when a reminder is sent: logistics */
    PROOF_RECIPIENT, /* contact */
    PROOF_LINK,      /* what the link stands for; none of it is in the link: identifier */
    PROOF_WHETHER,   /* whether anything is sent at all: no ceiling */
};

struct proof_sink {
    enum proof_sink_kind kind;
    const char *name; /* of the parameter; else "language", "template" … */
    enum sensitivity ceiling, join;
    bool holds;
    struct proof_path *paths; /* in the order of feed, rules, overlays */
    size_t n;
};

/* One template for one event. */
struct proof_template {
    const char *template, *event, *file;
    int line, column; /* of the first entry of `notify` */
    struct proof_sink *sinks;
    size_t n;
};

struct proof_exception {
    const char *what, *because, *by, *expires; /* but for `what`, NULL where the policy has none */
    const char *file;
    int line, column;
};

struct proof {
    struct proof_template *templates;
    size_t n;
    struct proof_exception *exceptions;
    size_t n_exceptions;
    bool holds; /* every sink does */
};

/* Walks the compiled feed once; all of it lives in `a`. A feed that loads holds. */
void feed_prove(const struct feed *f, struct arena *a, struct proof *out);

const char *proof_from_name(enum proof_from from);           /* "path" … */
const char *proof_sink_kind_name(enum proof_sink_kind kind); /* "parameter" … */
/* What is not proven, in one paragraph. */
const char *proof_limits(void);

/* As people read it. */
void proof_print(const struct feed *f, const struct proof *p, FILE *to);
/* One feed of a document of format tidings-proof/1, as the next value of the writer. */
struct json_writer;
void proof_put(struct json_writer *w, const struct feed *f, const struct proof *p);

#endif
