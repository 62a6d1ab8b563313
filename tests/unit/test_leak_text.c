/* The run-time comparison (docs/feed-language.md, section 13.5) reads a field as converters do: what they make
 * of it is found in it, however it was written, and what nothing vouches for is not. */
#include <stdlib.h>

#include "../../src/feed/model.h"
#include "check.h"
#include "leak_feed.h"

static struct feed *load(const struct tenant *t, const struct mutant *m)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f;

    leak_write(t, m);
    f = feed_load(t->feed, &a, &all);
    for (size_t i = 0; !f && i < all.n; i++)
        finding_print(&all.items[i], stdout);
    arena_reset(&a);
    if (!f)
        exit(1);
    return f;
}

static struct feed_outcome run(const struct feed *f, enum message_kind kind, struct str body,
                               struct arena *a)
{
    const struct feed_input in = {.kind = kind,
                                  .body = body,
                                  .received_ms = INT64_C(1740788100000),
                                  .key = STR("tidings-test-key")};
    struct feed_result r = {0};
    struct err e = {0};

    CHECK(feed_eval(f, &in, a, &r, &e) && r.n > 0, "%s", e.text);
    return r.n ? r.outcomes[0] : (struct feed_outcome){0};
}

static void test_forms(const struct tenant *t)
{
    static const struct {
        const char *as, *table, *phone, *field;
    } cases[] = {
        {"trim", NULL, "0912345678", "A12"},
        {"trim", NULL, "0912345678", "A12\u3000"},
        {"trim", NULL, "0912345678", "\u00a0A12\u2003"},
        {"digits", NULL, "0912345678", "\u2460\u2461"},         /* circled */
        {"digits", NULL, "0912345678", "\uff11\uff12"},         /* full-width */
        {"digits", NULL, "0912345678", "\u00b9\u2082"},         /* superscript, subscript */
        {"digits", NULL, "0912345678", "\U0001d7cf\U0001d7d0"}, /* mathematical */
        {"trim", NULL, "\u2070\u2079\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078", "A12"},
        {"trim", NULL, "\U0001d7ce\U0001d7d7\U0001d7cf2345678", "A12"},
        {"text", "wide", "0912345678", "\uff21\uff11"}, /* its `from` is full-width itself */
        {"trim", "wide", "0912345678", "\uff21\uff11\u3000"},
        {"trim", "wide", "0912345678", "B1\u00a0"},
        {"digits", "wide", "0912345678", "\u2460\u2461"},
        {"slice(1,1)", "wide", "0912345678", "C\u0301"}, /* KC would make one letter of it */
    };

    for
        EACH (i, cases) {
            struct shown of = leak_slots[0];
            struct mutant m = {.of = &of};
            struct arena a = {0};
            struct feed_outcome o;
            struct feed *f;

            of.as = cases[i].as;
            m.table = cases[i].table ? "    table: wide\n" : NULL;
            f = load(t, &m);
            o = run(f, MESSAGE_HL7,
                    arena_printf(&a,
                                 "MSH|^~\\&|E|KH|||20250301081500+0800||ZAD^A10|M|P|2.5.1|||||"
                                 "|UNICODE UTF-8\nPID|1||M1^^^^MR||||||||||%s^^CP||eng\n"
                                 "PV1|1||DI22222\nZPI|1||||||||%s\n",
                                 cases[i].phone, cases[i].field),
                    &a);
            CHECK(o.kind == FEED_SEND && !o.leak, "%zu: kind %d, " STR_FMT, i, o.kind,
                  STR_ARG(o.reason));
            arena_reset(&a);
            feed_free(f);
        }
}

static void point(struct feed *f, const char *at)
{
    for (size_t k = 0; k < f->n_maps; k++)
        for (size_t v = 0; v < f->maps[k].n_values; v++) {
            struct source *s = f->maps[k].values[v].branch[SIDE_FHIR].sources;
            struct fhirpath_fault fault;

            if (!str_eq(f->maps[k].values[v].name, STR("probe")))
                continue;
            s->text = str_of(at);
            CHECK(fhirpath_compile(str_of(at), &f->arena, &s->expr, &fault), "%s", fault.text);
        }
}

/* A place whose path is too long to be judged is as sensitive as any. */
static void test_long_path(const struct tenant *t)
{
    static const char list[] = "\"extension\":[{\"url\":\"urn:shown\"";
    const struct mutant m = {.of = &leak_slots[0]};
    struct feed *f = load(t, &m);
    struct buf body = buf_new(LEAK_TEXT_MOST);
    struct arena a = {0};
    struct feed_outcome o;
    const char *at;
    size_t head;

    leak_message(m.of, SIDE_FHIR, &body);
    at = memmem(body.p, body.n, list, sizeof list - 1);
    CHECK(at != NULL, "the message has no extension");
    head = at ? (size_t)(at - body.p) + strlen("\"extension\":[") : 0;
    point(f, "Patient.extension.where(value.startsWith('LL')).value");
    o = run(f, MESSAGE_FHIR,
            arena_printf(&a, "%.*s{\"url\":\"urn:%01100d\",\"valueString\":\"LL99999\"},%.*s",
                         (int)head, body.p, 0, (int)(body.n - head), body.p + head),
            &a);
    CHECK(o.leak && o.leak->found && o.leak->class == CLASS_CLINICAL, "kind %d, " STR_FMT, o.kind,
          STR_ARG(o.reason));
    arena_reset(&a);
    buf_reset(&body);
    feed_free(f);
}

int main(void)
{
    struct tenant t;

    tenant_make(&t);
    leak_tables(&t);
    tenant_write(&t, "tables/wide.csv", "from,to\n\uff21\uff11,A1\nB1,B2\n12,D3\nC,E4\n");
    test_forms(&t);
    test_long_path(&t);
    tenant_remove(&t);
    return check_end();
}
