#include "base/json_writer.h"
#include "feed/checked.h"
#include "feed/code.h"
#include "feed/summary.h"

static const char *severity_name(const struct checked_run *run, enum finding_severity s)
{
    switch (s) {
    case FINDING_ERROR:
        return "error";
    case FINDING_WARNING:
        return run->strict ? "error" : "warning";
    case FINDING_NOTE:
        return "note";
    }
    return "";
}

static void put_finding(struct json_writer *w, const struct checked_run *run,
                        const struct finding *f)
{
    const struct code *code = code_find(f->code);

    json_enter(w, NULL, '{');
    json_put(w, "file", str_of(f->file));
    json_put_number(w, "line", f->line);
    json_put_number(w, "column", f->column);
    json_put_number(w, "end_line", f->end_line);
    json_put_number(w, "end_column", f->end_column);
    json_put(w, "severity", str_of(severity_name(run, f->severity)));
    json_put(w, "code", str_of(f->code));
    json_put(w, "name", str_of(code ? code->name : NULL));
    json_put(w, "message", str_of(f->text));
    json_put(w, "hint", str_of(f->hint));
    json_enter(w, "flow", '[');
    for (size_t i = 0; i < f->n_flow; i++)
        json_put(w, NULL, str_of(f->flow[i].text));
    json_leave(w, ']');
    json_leave(w, '}');
}

static void put_feed(struct json_writer *w, const struct checked *c)
{
    struct feed_counts n = c->feed ? feed_counts(c->feed) : (struct feed_counts){0};

    json_enter(w, NULL, '{');
    json_put(w, "file", str_of(c->path));
    json_put(w, "feed", str_of(c->feed ? feed_name(c->feed) : NULL));
    json_put_bool(w, "ok", c->feed && !c->tests.failed && !c->findings.n_errors);
    json_put_number(w, "errors", (long long)c->findings.n_errors);
    json_put_number(w, "warnings", (long long)c->findings.n_warnings);
    if (c->feed) {
        json_put(w, "version", str_of(feed_version(c->feed)));
        json_put_number(w, "rules", (long long)n.rules);
        json_put_number(w, "values", (long long)n.values);
        json_put_number(w, "notifications", (long long)n.notifications);
        json_put_number(w, "tests", (long long)n.tests);
        json_put_number(w, "tests_passed", c->tests.passed);
        json_put_number(w, "tests_failed", c->tests.failed);
    }
    json_leave(w, '}');
}

void checked_json(const struct checked_run *run, struct buf *out)
{
    struct json_writer w = {out, 0, true};

    json_enter(&w, NULL, '{');
    json_put(&w, "format", STR("tidings-check/1"));
    json_enter(&w, "findings", '[');
    for (size_t i = 0; i < run->n; i++)
        for (size_t k = 0; k < run->items[i].findings.n; k++)
            put_finding(&w, run, &run->items[i].findings.items[k]);
    json_leave(&w, ']');
    json_enter(&w, "feeds", '[');
    for (size_t i = 0; i < run->n; i++)
        put_feed(&w, &run->items[i]);
    json_leave(&w, ']');
    json_enter(&w, "summary", '{');
    json_put_bool(&w, "ok", checked_clean(run));
    json_put_number(&w, "feeds", (long long)run->n);
    json_put_number(&w, "errors", (long long)checked_errors(run));
    json_put_number(&w, "warnings", (long long)checked_warnings(run));
    json_leave(&w, '}');
    json_leave(&w, '}');
    buf_add_char(out, '\n');
}
