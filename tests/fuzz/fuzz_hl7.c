/* All that reads a message: header, character set, index, paths, escapes, edits, parts. A path and a body,
 * parted by the first NUL; more NULs part the body into parts of one message. Every slice lies inside the
 * text, every path prints as it was, an edit reads back what was set, both ways of finding marks make the
 * same index, the first value at a path is the first of all. */
#include <stdint.h>
#include <stdlib.h>

#include "../../src/hl7/index.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "hl7/continuation.h"
#include "hl7/edit.h"
#include "hl7/escape.h"

enum { MOST = 32768, PARTS_MOST = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct str s, struct str whole)
{
    if (s.p && (s.p < whole.p || s.p + s.n > whole.p + whole.n))
        abort();
}

static void walk(const struct hl7_message *m, struct arena *a)
{
    for (size_t i = 0; i < m->n_segments; i++) {
        const struct hl7_segment *s = &m->segments[i];

        inside(s->text, m->text);
        for (size_t f = 1; f <= s->n_fields; f++) {
            struct str text = hl7_unescape(hl7_field(s, f), &m->sep, m->charset, a, NULL);

            inside(hl7_field(s, f), s->text);
            if (utf8_check(text) != text.n)
                abort();
        }
    }
}

static void same_slice(struct str a, struct str in_a, struct str b, struct str in_b)
{
    if ((a.p == NULL) != (b.p == NULL) || a.n != b.n || (a.p && a.p - in_a.p != b.p - in_b.p))
        abort();
}

static void same_index(const struct hl7_message *m, const struct hl7_message *k)
{
    if (m->n_segments != k->n_segments || !str_eq(m->text, k->text))
        abort();
    for (size_t i = 0; i < m->n_segments; i++) {
        const struct hl7_segment *s = &m->segments[i], *t = &k->segments[i];

        if (strcmp(s->name, t->name) != 0 || s->n_fields != t->n_fields)
            abort();
        same_slice(s->text, m->text, t->text, k->text);
        for (size_t f = 1; f <= s->n_fields + 1; f++)
            same_slice(hl7_field(s, f), m->text, hl7_field(t, f), k->text);
    }
}

/* Refused alike or indexed alike, with limits that the input can reach. */
static void both_ways(struct str text, struct arena *a)
{
    const struct hl7_limits tight = {.segments = 20,
                                     .fields = 30,
                                     .repetitions = 9,
                                     .components = 8,
                                     .subcomponents = 7,
                                     .nodes = 200};
    const struct hl7_limits limits[] = {tight, hl7_limits_default()};

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct index_settings one = {&marks_scalar, NULL, &limits[i]};
        const struct index_settings best = {marks_best(), NULL, &limits[i]};
        struct hl7_message m, k;
        struct err e = {0}, f = {0};
        bool ok = index_message(&one, text, a, NULL, &m, &e);

        if (ok != index_message(&best, text, a, NULL, &k, &f) || strcmp(e.text, f.text) != 0 ||
            e.code != f.code)
            abort();
        if (ok)
            same_index(&m, &k);
    }
}

/* The text of an index, ADD joined, has that index. */
static void indexed_again(const struct hl7_message *m, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_message again;
    struct err e;

    if (!hl7_message_index(m->text, m->charset, &limits, a, NULL, &again, &e))
        abort();
    same_index(m, &again);
}

/* What joins is indexed, or breaks a limit; it is no longer than the parts with longer line ends. */
static void join(struct str rest, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    struct str parts[PARTS_MOST], out;
    struct hl7_message m;
    struct err e;
    size_t n = 0, room = rest.n * 2 + 2;

    while (rest.p && n < PARTS_MOST)
        parts[n++] = str_cut(&rest, '\0');
    if (!hl7_join_parts(parts, n, a, &out, &e))
        return;
    if (out.n > room || out.n < 4)
        abort();
    if (!hl7_message_index(out, NULL, &limits, a, NULL, &m, &e) && e.code != HL7_LIMIT)
        abort();
}

static void read_path(const struct hl7_path *p, const struct hl7_message *m, bool whole,
                      struct arena *a, struct hl7_elements *out)
{
    const struct hl7_segment **list = arena_get(a, m->n_segments, sizeof(struct hl7_segment *));

    for (size_t i = 0; i < m->n_segments; i++)
        list[i] = &m->segments[i];
    hl7_path_read(p, m, list, m->n_segments, whole, a, out);
    for (size_t i = 0; i < out->n; i++) {
        inside(out->items[i].raw, m->text);
        if ((out->items[i].state == HL7_VALUE) != (out->items[i].text.p != NULL))
            abort();
    }
}

static void read_first(const struct hl7_path *p, const struct hl7_message *m, struct arena *a)
{
    struct hl7_element first = hl7_path_first(p, m, a);
    struct hl7_elements all;
    size_t i = 0;

    read_path(p, m, false, a, &all);
    if (all.over)
        return;
    if (first.state != hl7_elements_state(&all))
        abort();
    while (i < all.n && all.items[i].state != first.state)
        i++;
    if (i < all.n && (first.raw.p != all.items[i].raw.p || !str_eq(first.text, all.items[i].text) ||
                      first.damaged != all.items[i].damaged))
        abort();
}

static void edit(const struct hl7_path *p, const struct hl7_message *m, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_elements all;
    struct hl7_message again;
    struct str out;
    struct err e;

    if (!hl7_edit_set(m->text, p, STR("QQQ"), a, &out, &e) ||
        !hl7_message_index(out, m->charset, &limits, a, NULL, &again, &e))
        return;
    if (again.n_segments != m->n_segments)
        abort();
    if (p->n_tests) /* the test itself may be what was overwritten */
        return;
    read_path(p, &again, false, a, &all);
    if (p->segment[0] != '\0' && (all.n == 0 || !str_eq(all.items[0].text, STR("QQQ"))))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : 0;
    struct str text = {(const char *)data, n};
    struct hl7_limits limits = hl7_limits_default();
    struct hl7_charset_settings set = {.strict = size & 1};
    struct hl7_notes notes = {0};
    struct hl7_elements all;
    struct arena a = {0};
    struct hl7_message m;
    struct hl7_path p;
    struct err e;
    size_t at;
    bool has_path, has_message;

    if (!nul || size > MOST)
        return 0;
    has_path = hl7_path_parse(text, &a, &p, &at, &e);
    if (has_path ? !str_eq(hl7_path_print(&p, &a), text) : at > text.n)
        abort();
    text = (struct str){(const char *)nul + 1, size - n - 1};
    both_ways(text, &a);
    join(text, &a);
    has_message = hl7_message_read(text, &set, &limits, &a, &notes, &m, &e);
    if (has_message) {
        if (utf8_check(m.text) != m.text.n)
            abort();
        walk(&m, &a);
        indexed_again(&m, &a);
        (void)hl7_message_type(&m, &a);
    }
    if (has_message && has_path) {
        read_path(&p, &m, true, &a, &all);
        read_first(&p, &m, &a);
        edit(&p, &m, &a);
    }
    arena_reset(&a);
    return 0;
}
