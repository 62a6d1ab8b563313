#include "reload_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/container_of.h"

enum { TEXT_MOST = 256 * 1024, LINE_MOST = 16 * 1024, NICE = 10 };

/* A stream into the text, without the lines of tests that pass, and with an end. */
struct sink {
    struct buf *text;
    struct buf line;
};

static void end_line(struct sink *s)
{
    if (!str_starts(buf_str(&s->line), STR("ok    ")))
        buf_add(s->text, buf_str(&s->line));
    buf_reset(&s->line);
}

static ssize_t sink_write(void *cookie, const char *p, size_t n)
{
    struct sink *s = cookie;

    for (size_t i = 0; i < n; i++) {
        buf_add_char(&s->line, p[i]);
        if (p[i] == '\n')
            end_line(s);
    }
    return (ssize_t)n;
}

static int64_t stands_still(const struct clock *c)
{
    return container_of(c, const struct reload_work, clock)->now_ms;
}

/* On Linux a thread has a priority of its own: those who answer and store come first. */
static void give_way(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
}

void reload_work_run(void *work)
{
    struct reload_work *w = work;
    struct sink sink = {.text = &w->text, .line = buf_new(LINE_MOST)};
    FILE *to = fopencookie(&sink, "w", (cookie_io_functions_t){.write = sink_write});

    if (!to)
        abort(); /* out of memory */
    give_way();
    w->text = buf_new(TEXT_MOST);
    w->clock = (struct clock){stands_still};
    w->fits = feeds_load(w->path, &w->clock, &w->arena, to, &w->set, &w->why) &&
              feeds_fit(&w->set, to, &w->why);
    (void)fclose(to);
    buf_reset(&sink.line);
    (void)uv_async_send(w->done);
}

void reload_work_free(struct reload_work *w)
{
    feeds_free(&w->set);
    buf_reset(&w->text);
    arena_reset(&w->arena);
}
