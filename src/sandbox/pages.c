/* GET /__sent and the counts behind it. */
#include <stdlib.h>

#include "base/encode.h"
#include "sandbox_impl.h"
#include "whatsapp/body.h"

enum { PAGE_MAX = 32 << 20 };

static int by_echo(const void *a, const void *b)
{
    const struct bubble *x = *(struct bubble *const *)a, *y = *(struct bubble *const *)b;

    if (x->echo.n != y->echo.n)
        return x->echo.n < y->echo.n ? -1 : 1;
    return x->echo.n ? memcmp(x->echo.p, y->echo.p, x->echo.n) : 0;
}

static int by_key(const void *a, const void *b)
{
    const struct bubble *x = *(struct bubble *const *)a, *y = *(struct bubble *const *)b;

    if (x->key.n != y->key.n)
        return x->key.n < y->key.n ? -1 : 1;
    return memcmp(x->key.p, y->key.p, x->key.n);
}

/* The longest run of equals after sorting. */
static size_t most(const struct sandbox *s, int (*compare)(const void *, const void *))
{
    struct bubble **all = malloc((s->n_messages + 1) * sizeof(struct bubble *));
    size_t run = 0, longest = 0;

    if (!all)
        abort();
    if (s->n_messages) {
        memcpy(all, s->messages, s->n_messages * sizeof(struct bubble *));
        qsort(all, s->n_messages, sizeof(struct bubble *), compare);
    }
    for (size_t i = 0; i < s->n_messages; i++) {
        run = i && compare(&all[i - 1], &all[i]) == 0 ? run + 1 : 1;
        longest = run > longest ? run : longest;
    }
    free(all);
    return longest;
}

struct sandbox_tally sandbox_tally(const struct sandbox *s)
{
    return (struct sandbox_tally){.accepted = s->n_messages,
                                  .most_by_echo = most(s, by_echo),
                                  .most_by_notice = most(s, by_key),
                                  .refused = s->refused,
                                  .hooks_open = s->n_hooks};
}

static void add_member(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, ",\"%s\":", name);
    if (value.p)
        json_add_string(b, value);
    else
        buf_add(b, STR("null"));
}

static void add_message(struct buf *b, const struct bubble *m)
{
    struct whatsapp_body read;
    struct err e;

    buf_add(b, STR("{\"id\":"));
    json_add_string(b, m->wamid);
    add_member(b, "to", m->to);
    add_member(b, "echo", m->echo);
    add_member(b, "template", m->template);
    add_member(b, "language", m->language);
    add_member(b, "token", m->token);
    add_member(b, "text", m->text);
    buf_printf(b, ",\"grammar\":%s,\"payload\":",
               whatsapp_body_check(m->payload, &read, &e) ? "true" : "false");
    buf_add(b, m->payload);
    buf_add_char(b, '}');
}

void pages_on_sent(struct http_exchange *x)
{
    const struct sandbox *s = x->ctx;
    struct sandbox_tally t = sandbox_tally(s);
    struct buf b = buf_new(PAGE_MAX);
    struct http_answer a = {.status = 200, .content_type = "application/json"};

    buf_printf(&b,
               "{\"accepted\":%zu,\"most_by_echo\":%zu,\"most_by_notice\":%zu,\"refused\":%zu,"
               "\"hooks_open\":%zu,\"messages\":[",
               t.accepted, t.most_by_echo, t.most_by_notice, t.refused, t.hooks_open);
    for (size_t i = 0; i < s->n_messages; i++) {
        if (i)
            buf_add_char(&b, ',');
        add_message(&b, s->messages[i]);
    }
    buf_add(&b, STR("]}\n"));
    a.body = buf_str(&b);
    if (b.over)
        a = (struct http_answer){.status = 507};
    http_answer(x, &a);
    buf_reset(&b);
}
