#include "sandbox_impl.h"

/* What {{NAME}} or {{1}} stands for; absent: nothing. */
static struct str value_of(struct str name, const struct feed_template *t,
                           const struct param *params)
{
    for (size_t i = 0; i < t->n_params; i++) {
        char number[24];

        (void)snprintf(number, sizeof number, "%zu", i + 1);
        if (str_eq(name, str_of(number)) || str_eq(name, str_of(t->params[i])))
            return params[i].text;
    }
    return (struct str){NULL, 0};
}

struct str render_text(struct str body, const struct feed_template *t, const struct param *params,
                       struct arena *a)
{
    struct buf out = buf_new(65536);
    struct str text;

    while (body.n) {
        const char *end =
            str_starts(body, STR("{{")) ? memmem(body.p + 2, body.n - 2, "}}", 2) : NULL;
        size_t used = 1;

        if (end) {
            struct str name = str_trim((struct str){body.p + 2, (size_t)(end - body.p) - 2});

            used = name.n ? (size_t)(end - body.p) + 2 : 1;
            buf_add(&out, name.n ? value_of(name, t, params) : (struct str){body.p, 1});
        } else {
            buf_add_char(&out, body.p[0]);
        }
        body = (struct str){body.p + used, body.n - used};
    }
    text = arena_copy(a, buf_str(&out));
    buf_reset(&out);
    return text;
}
