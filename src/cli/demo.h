/* The state of `tidings demo`. demo_open.c builds and ends it, demo.c plays. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <uv.h>

#include "app/app.h"
#include "play.h"
#include "post.h"
#include "sandbox/sandbox.h"
#include "scratch.h"

struct demo {
    uv_loop_t loop;
    bool json, once, ending;
    int port;  /* wished for the phone page; 0: any */
    FILE *out; /* what people read: standard output, or the terminal's stderr with --json */
    struct arena arena;
    struct scratch scratch;
    struct config config;
    struct listen listen[5];
    struct feed_set feeds;
    const struct feed_template **templates;
    struct sandbox *sandbox;
    struct http_client *client; /* for the FHIR samples */
    struct client *mllp;        /* for the others; NULL until it plays */
    struct app *app;
    uv_timer_t timer;
    uv_signal_t signals[3];
    int closing;
    const char *phone_url;

    struct play play;
    size_t at; /* line being played */
    struct sample sample;
    struct post post;
    struct app_look look;
    int64_t newest; /* message id */
    int64_t deadline_ms;
    struct ledger seen;
    struct sandbox_tally tally;
    size_t unexpected;
};

/* Opens everything and starts to play. False: *e says why, and what was opened ends as the loop
 * runs. */
bool demo_open(struct demo *d, struct err *e) MUST_USE;
void demo_play(struct demo *d);
/* Closes everything; the loop ends by itself. */
void demo_end(struct demo *d);
void demo_free(struct demo *d);

#endif
