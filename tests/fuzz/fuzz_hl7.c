/* All that reads a message: header, character set, index, paths, escapes, edits. A path and a body,
 * parted by the first NUL. Every slice lies inside the text, every path prints as it was, an edit reads
 * back what was set. */
#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "hl7/edit.h"
#include "hl7/escape.h"

enum { MOST = 32768 };

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
    has_message = hl7_message_read((struct str){(const char *)nul + 1, size - n - 1}, &set, &limits,
                                   &a, &notes, &m, &e);
    if (has_message) {
        if (utf8_check(m.text) != m.text.n)
            abort();
        walk(&m, &a);
        (void)hl7_message_type(&m, &a);
    }
    if (has_message && has_path) {
        read_path(&p, &m, true, &a, &all);
        read_path(&p, &m, false, &a, &all);
        edit(&p, &m, &a);
    }
    arena_reset(&a);
    return 0;
}
