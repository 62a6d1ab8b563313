#include "resume.h"

#include <stdlib.h>
#include <string.h>

#include "base/container_of.h"
#include "base/log.h"

enum { NO = 1, ANSWER_BYTES = 512 };

struct resume {
    struct store_job job;
    struct app *app;
    struct control_ask *q;
    char feed[CONTROL_WORDS];
    bool was;
};

static bool resume_run(struct store_job *j, struct store *s, struct err *e)
{
    struct resume *r = container_of(j, struct resume, job);

    return s->ops->resume_feed(s, str_of(r->feed), &r->was, e);
}

static void resume_done(struct store_job *j)
{
    struct resume *r = container_of(j, struct resume, job);
    struct buf text = buf_new(ANSWER_BYTES);
    const char *name = NULL;

    for (size_t i = 0; i < r->app->live->set.n && !name; i++)
        if (strcmp(feed_name(r->app->live->set.items[i]), r->feed) == 0)
            name = feed_name(r->app->live->set.items[i]);
    if (!j->ok)
        buf_printf(&text, "not resumed: %s\n", j->err.text);
    else if (!r->was)
        buf_printf(&text, "%s is not paused\n", r->feed);
    else
        buf_printf(&text, "%s sends again\n", r->feed);
    if (j->ok && r->was) {
        log_event(LOG_WARN, "security", "feed %s resumed -> it sends again",
                  name ? name : "no longer loaded");
        send_ring(r->app->send);
    }
    control_answer(r->q, j->ok && r->was ? 0 : NO, buf_str(&text));
    buf_reset(&text);
    free(r);
}

void resume_ask(struct app *a, struct control_ask *q, const char *feed)
{
    struct resume *r = calloc(1, sizeof *r);

    if (!r)
        abort();
    *r = (struct resume){.job = {.run = resume_run, .done = resume_done}, .app = a, .q = q};
    (void)snprintf(r->feed, sizeof r->feed, "%s", feed);
    store_queue_submit(a->queue, &r->job);
}
