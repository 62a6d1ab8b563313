#include "diff_show.h"

#include "base/json_writer.h"

static const char *const hows[] = {
    [FEED_ADDED] = "added", [FEED_REMOVED] = "removed", [FEED_CHANGED] = "changed"};
static const char *const changes[] = {
    [REPLAY_TOLD] = "newly told",
    [REPLAY_SILENT] = "no longer told",
    [REPLAY_OTHERWISE] = "told differently",
    [REPLAY_STOPPED] = "stopped differently",
    [REPLAY_EVENT] = "another event",
};

static const char *name_of(const struct diff_pair *p)
{
    return feed_name(p->new ? p->new : p->old);
}

/* ---- text ---- */

static void add_place(struct buf *out, const struct feed_change_place *p)
{
    if (p->file)
        buf_printf(out, "%s:%d", p->file, p->line);
    else
        buf_add_char(out, '-');
}

static void add_change(const struct feed_change *c, struct buf *out)
{
    buf_printf(out, "  %-8s %s `" STR_FMT "`", hows[c->how], c->what, STR_ARG(c->name));
    if (c->member.n)
        buf_printf(out, " " STR_FMT, STR_ARG(c->member));
    if (c->how == FEED_CHANGED)
        buf_printf(out, ": " STR_FMT " -> " STR_FMT, STR_ARG(c->from.p ? c->from : STR("(none)")),
                   STR_ARG(c->to.p ? c->to : STR("(none)")));
    if (c->old_place.file || c->new_place.file) {
        buf_printf(out, "    ");
        add_place(out, &c->old_place);
        buf_printf(out, " | ");
        add_place(out, &c->new_place);
    }
    buf_add_char(out, '\n');
}

static void add_count(struct buf *out, size_t n, const char *what)
{
    buf_printf(out, "%zu %s%s", n, what, n == 1 ? "" : "s");
}

static void add_group(const struct replay_group *g, struct buf *out)
{
    buf_printf(out, "  %-20s", changes[g->change]);
    if (g->n_patients) {
        add_count(out, g->n_patients, "patient");
        buf_printf(out, ", ");
    }
    add_count(out, g->n_messages, "message");
    buf_printf(out, "   " STR_FMT " -> " STR_FMT, STR_ARG(g->from), STR_ARG(g->to));
    if (g->file)
        buf_printf(out, "   rule `" STR_FMT "` %s:%d", STR_ARG(g->rule), g->file, g->line);
    buf_printf(out, "\n                     ");
    for (size_t i = 0; i < g->n_ids; i++)
        buf_printf(out, " " STR_FMT, STR_ARG(g->ids[i]));
    buf_printf(out, "%s\n", g->n_messages > g->n_ids ? " …" : "");
}

static void add_replay(const struct diff_pair *p, struct buf *out)
{
    const struct replay_report *r = &p->replay;

    buf_printf(out, "replayed ");
    add_count(out, r->n_messages, p->samples ? "sample" : "message");
    buf_printf(out, ": %zu with another outcome; patients told: %zu before, %zu after\n",
               r->n_changed, r->patients_told[0], r->patients_told[1]);
    if (r->n_tests)
        buf_printf(out, "         %zu test message(s) left out\n", r->n_tests);
    if (r->n_unreadable)
        buf_printf(out, "         %zu cannot be read\n", r->n_unreadable);
    for (size_t i = 0; i < r->n; i++)
        add_group(&r->groups[i], out);
    buf_printf(out,
               "Each map began with an empty memory: events of before are not known to either. "
               "Nothing was stored or sent.\n");
}

static void add_next(const struct diff_shown *d, const struct diff_pair *p, struct buf *out)
{
    if (!p->replay.n)
        return;
    if (d->config)
        buf_printf(out, "Why:  tidings explain -c %s " STR_FMT " --with %s\n", d->config,
                   STR_ARG(p->replay.groups[0].ids[0]), feed_path(p->new));
    else
        buf_printf(out, "Why:  tidings explain %s " STR_FMT "\n", feed_path(p->new),
                   STR_ARG(p->replay.groups[0].ids[0]));
}

void diff_show_text(const struct diff_shown *d, struct buf *out)
{
    for (size_t i = 0; i < d->n; i++) {
        const struct diff_pair *p = &d->pairs[i];

        if (!p->old || !p->new) {
            buf_printf(out, "feed `%s` %s    %s\n", name_of(p), p->new ? "added" : "removed",
                       feed_path(p->new ? p->new : p->old));
            continue;
        }
        buf_printf(out, "feed `%s`    %s -> %s\n", name_of(p), feed_path(p->old),
                   feed_path(p->new));
        for (size_t k = 0; k < p->changes.n; k++)
            add_change(&p->changes.items[k], out);
        if (!p->changes.n)
            buf_printf(out, "  no change of meaning\n");
        if (p->replayed) {
            add_replay(p, out);
            add_next(d, p, out);
        }
    }
}

/* ---- JSON ---- */

static void put_place(struct json_writer *w, const char *key, const struct feed_change_place *p)
{
    if (!p->file) {
        json_put(w, key, (struct str){NULL, 0});
        return;
    }
    json_enter(w, key, '{');
    json_put(w, "file", str_of(p->file));
    json_put_number(w, "line", p->line);
    json_leave(w, '}');
}

static void put_change(struct json_writer *w, const struct feed_change *c)
{
    json_enter(w, NULL, '{');
    json_put(w, "how", str_of(hows[c->how]));
    json_put(w, "what", str_of(c->what));
    json_put(w, "name", c->name);
    json_put(w, "member", c->member);
    json_put(w, "from", c->from);
    json_put(w, "to", c->to);
    put_place(w, "old", &c->old_place);
    put_place(w, "new", &c->new_place);
    json_leave(w, '}');
}

static void put_group(struct json_writer *w, const struct replay_group *g)
{
    const struct feed_change_place at = {g->file, g->line};

    json_enter(w, NULL, '{');
    json_put(w, "change", str_of(changes[g->change]));
    json_put(w, "rule", g->rule);
    put_place(w, "at", &at);
    json_put(w, "from", g->from);
    json_put(w, "to", g->to);
    json_put_number(w, "messages", (long long)g->n_messages);
    json_put_number(w, "patients", (long long)g->n_patients);
    json_enter(w, "ids", '[');
    for (size_t i = 0; i < g->n_ids; i++)
        json_put(w, NULL, g->ids[i]);
    json_leave(w, ']');
    json_leave(w, '}');
}

static void put_replay(struct json_writer *w, const struct replay_report *r)
{
    json_enter(w, "replay", '{');
    json_put_number(w, "messages", (long long)r->n_messages);
    json_put_number(w, "changed", (long long)r->n_changed);
    json_put_number(w, "tests", (long long)r->n_tests);
    json_put_number(w, "unreadable", (long long)r->n_unreadable);
    json_put_number(w, "patients_told_old", (long long)r->patients_told[0]);
    json_put_number(w, "patients_told_new", (long long)r->patients_told[1]);
    json_enter(w, "groups", '[');
    for (size_t i = 0; i < r->n; i++)
        put_group(w, &r->groups[i]);
    json_leave(w, ']');
    json_leave(w, '}');
}

static void put_side(struct json_writer *w, const char *key, const struct feed *f)
{
    if (!f) {
        json_put(w, key, (struct str){NULL, 0});
        return;
    }
    json_enter(w, key, '{');
    json_put(w, "path", str_of(feed_path(f)));
    json_put(w, "version", str_of(feed_version(f)));
    json_leave(w, '}');
}

void diff_show_json(const struct diff_shown *d, struct buf *out)
{
    struct json_writer w = {out, 0, true};

    json_enter(&w, NULL, '{');
    json_put(&w, "format", STR("tidings-diff/1"));
    json_enter(&w, "feeds", '[');
    for (size_t i = 0; i < d->n; i++) {
        const struct diff_pair *p = &d->pairs[i];

        json_enter(&w, NULL, '{');
        json_put(&w, "feed", str_of(name_of(p)));
        put_side(&w, "old", p->old);
        put_side(&w, "new", p->new);
        json_enter(&w, "changes", '[');
        for (size_t k = 0; k < p->changes.n; k++)
            put_change(&w, &p->changes.items[k]);
        json_leave(&w, ']');
        if (p->replayed)
            put_replay(&w, &p->replay);
        json_leave(&w, '}');
    }
    json_leave(&w, ']');
    json_leave(&w, '}');
    buf_add_char(out, '\n');
}
