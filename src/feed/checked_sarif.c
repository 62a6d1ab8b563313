/* SARIF 2.1.0 (OASIS): one log, one run. Columns count code points; artifacts are relative to the folder that
 * the checker was started in. */
#include "base/json_writer.h"
#include "feed/checked.h"
#include "feed/code.h"

static void put_text(struct json_writer *w, const char *key, const char *text)
{
    json_enter(w, key, '{');
    json_put(w, "text", str_of(text));
    json_leave(w, '}');
}

static const char *level_of(const struct checked_run *run, enum finding_severity s)
{
    switch (s) {
    case FINDING_ERROR:
        return "error";
    case FINDING_WARNING:
        return run->strict ? "error" : "warning";
    case FINDING_NOTE:
        return "note";
    }
    return "none";
}

static void put_rules(struct json_writer *w, const struct checked_run *run)
{
    const struct code *c;

    json_enter(w, "rules", '[');
    for (size_t i = 0; (c = code_at(i)); i++) {
        struct buf uri = buf_new(64);

        buf_printf(&uri, "docs/codes/%s.md", c->code);
        json_enter(w, NULL, '{');
        json_put(w, "id", str_of(c->code));
        json_put(w, "name", str_of(c->name));
        put_text(w, "shortDescription", c->title);
        put_text(w, "fullDescription", c->cause);
        put_text(w, "help", c->repair);
        json_put(w, "helpUri", buf_str(&uri));
        json_enter(w, "defaultConfiguration", '{');
        json_put(w, "level", str_of(level_of(run, code_severity(c->code))));
        json_leave(w, '}');
        json_leave(w, '}');
        buf_reset(&uri);
    }
    json_leave(w, ']');
}

static void put_driver(struct json_writer *w, const struct checked_run *run)
{
    json_enter(w, "tool", '{');
    json_enter(w, "driver", '{');
    json_put(w, "name", STR("tidings"));
    json_put(w, "version", STR(TIDINGS_VERSION));
    json_put(w, "semanticVersion", STR(TIDINGS_VERSION));
    put_rules(w, run);
    json_leave(w, '}');
    json_leave(w, '}');
}

/* A path as the path of a URI: bytes that may not stand in one are escaped. */
static void put_uri(struct json_writer *w, const char *key, const char *path)
{
    struct buf uri = buf_new(16384);

    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("-._~/!$&'()*+,;=@", *p);

        buf_printf(&uri, plain ? "%c" : "%%%02X", *p);
    }
    json_put(w, key, buf_str(&uri));
    buf_reset(&uri);
}

struct place {
    const char *file;
    int line, column, end_line, end_column;
};

static void put_physical(struct json_writer *w, struct place at)
{
    json_enter(w, "physicalLocation", '{');
    json_enter(w, "artifactLocation", '{');
    put_uri(w, "uri", at.file);
    json_leave(w, '}');
    json_enter(w, "region", '{');
    json_put_number(w, "startLine", at.line);
    json_put_number(w, "startColumn", at.column);
    json_put_number(w, "endLine", at.end_line);
    json_put_number(w, "endColumn", at.end_column);
    json_leave(w, '}');
    json_leave(w, '}');
}

static void put_step(struct json_writer *w, const struct finding_step *s)
{
    json_enter(w, NULL, '{');
    json_enter(w, "location", '{');
    put_physical(w, (struct place){s->file, s->line, s->column, s->end_line, s->end_column});
    put_text(w, "message", s->text);
    json_leave(w, '}');
    json_leave(w, '}');
}

/* One thread flow a path, in the direction of the data: from the path to the sink. */
static void put_flows(struct json_writer *w, const struct finding *f)
{
    size_t shared = f->n_flow - f->n_paths;

    json_enter(w, "codeFlows", '[');
    json_enter(w, NULL, '{');
    json_enter(w, "threadFlows", '[');
    for (size_t path = 0; path < f->n_paths || path == 0; path++) {
        json_enter(w, NULL, '{');
        json_enter(w, "locations", '[');
        if (f->n_paths)
            put_step(w, &f->flow[shared + path]);
        for (size_t i = shared; i-- > 0;)
            put_step(w, &f->flow[i]);
        json_leave(w, ']');
        json_leave(w, '}');
    }
    json_leave(w, ']');
    json_leave(w, '}');
    json_leave(w, ']');
}

static long long rule_index(const char *code)
{
    const struct code *c;

    for (size_t i = 0; (c = code_at(i)); i++)
        if (strcmp(c->code, code) == 0)
            return (long long)i;
    return -1;
}

static void put_result(struct json_writer *w, const struct checked_run *run,
                       const struct finding *f)
{
    struct buf message = buf_new(4096);

    buf_printf(&message, "%s", f->text);
    if (f->hint)
        buf_printf(&message, " (%s)", f->hint);
    json_enter(w, NULL, '{');
    json_put(w, "ruleId", str_of(f->code));
    json_put_number(w, "ruleIndex", rule_index(f->code));
    json_put(w, "level", str_of(level_of(run, f->severity)));
    put_text(w, "message", buf_str(&message).p);
    json_enter(w, "locations", '[');
    json_enter(w, NULL, '{');
    put_physical(w, (struct place){f->file, f->line, f->column, f->end_line, f->end_column});
    json_leave(w, '}');
    json_leave(w, ']');
    if (f->n_flow)
        put_flows(w, f);
    json_leave(w, '}');
    buf_reset(&message);
}

void checked_sarif(const struct checked_run *run, struct buf *out)
{
    struct json_writer w = {out, 0, true};

    json_enter(&w, NULL, '{');
    json_put(&w, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
    json_put(&w, "version", STR("2.1.0"));
    json_enter(&w, "runs", '[');
    json_enter(&w, NULL, '{');
    put_driver(&w, run);
    json_put(&w, "columnKind", STR("unicodeCodePoints"));
    json_enter(&w, "results", '[');
    for (size_t i = 0; i < run->n; i++)
        for (size_t k = 0; k < run->items[i].findings.n; k++)
            put_result(&w, run, &run->items[i].findings.items[k]);
    json_leave(&w, ']');
    json_leave(&w, '}');
    json_leave(&w, ']');
    json_leave(&w, '}');
    buf_add_char(out, '\n');
}
