/* Our HL7 reader behind stdin and stdout, for test_hl7_differential.py. In: the path of a file with one
 * message, a line. Out: one JSON line,
 *
 *   {"error":"why"}   or   {"segments":[["PID", field, ...], ...]}
 *
 * a field is a list of repetitions, of components, of subcomponents, of texts; one that holds
 * an escape is {"raw":..., "text": decoded}. MSH-1 and MSH-2 are one text each. The first of a segment is
 * what stands before its first separator. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/encode.h"
#include "hl7/escape.h"
#include "hl7/message.h"

enum { FILE_MOST = 16 << 20 };

/* How one level is cut into the next. */
typedef struct str (*cut_part)(const struct hl7_separators *sep, struct str s, size_t n);

static void add_leaf(struct buf *out, const struct hl7_message *m, struct str leaf)
{
    struct arena a = {0};

    if (leaf.n && m->sep.escape && memchr(leaf.p, m->sep.escape, leaf.n)) {
        buf_add(out, STR("{\"raw\":"));
        json_add_string(out, leaf);
        buf_add(out, STR(",\"text\":"));
        json_add_string(out, hl7_unescape(leaf, &m->sep, m->charset, &a, NULL));
        buf_add_char(out, '}');
    } else {
        json_add_string(out, leaf);
    }
    arena_reset(&a);
}

static void add_parts(struct buf *out, const struct hl7_message *m, struct str s, int depth)
{
    static const cut_part cuts[] = {hl7_repetition, hl7_component, hl7_subcomponent};

    if (depth == 3) {
        add_leaf(out, m, s);
        return;
    }
    buf_add_char(out, '[');
    for (size_t n = 1;; n++) {
        struct str part = cuts[depth](&m->sep, s, n);

        if (!part.p)
            break;
        if (n > 1)
            buf_add_char(out, ',');
        add_parts(out, m, part, depth + 1);
    }
    buf_add_char(out, ']');
}

static void add_segment(struct buf *out, const struct hl7_message *m, const struct hl7_segment *s)
{
    struct str rest = s->text;

    buf_add_char(out, '[');
    json_add_string(out, str_cut(&rest, m->sep.field));
    for (size_t n = 1; n <= s->n_fields; n++) {
        buf_add_char(out, ',');
        if (hl7_segment_is(s, "MSH") && n <= 2)
            json_add_string(out, hl7_field(s, n));
        else
            add_parts(out, m, hl7_field(s, n), 0);
    }
    buf_add_char(out, ']');
}

static void answer(struct str body, struct buf *out)
{
    const struct hl7_charset_settings set = {0};
    const struct hl7_limits limits = hl7_limits_default();
    struct arena a = {0};
    struct hl7_message m;
    struct err e;

    if (hl7_message_read(body, &set, &limits, &a, NULL, &m, &e)) {
        buf_add(out, STR("{\"segments\":["));
        for (size_t i = 0; i < m.n_segments; i++) {
            if (i)
                buf_add_char(out, ',');
            add_segment(out, &m, &m.segments[i]);
        }
        buf_add(out, STR("]}"));
    } else {
        buf_add(out, STR("{\"error\":"));
        json_add_string(out, str_of(e.text));
        buf_add_char(out, '}');
    }
    arena_reset(&a);
}

int main(void)
{
    char *line = NULL, *body = malloc(FILE_MOST);
    size_t size = 0;
    ssize_t n;

    while (body && (n = getline(&line, &size, stdin)) > 0) {
        struct buf out = buf_new((size_t)256 << 20);
        FILE *f;

        line[n - 1] = '\0';
        f = fopen(line, "rb");
        if (!f)
            return 2;
        answer((struct str){body, fread(body, 1, FILE_MOST, f)}, &out);
        (void)fclose(f);
        printf("%s\n", out.p);
        (void)fflush(stdout);
        buf_reset(&out);
    }
    free(line);
    free(body);
    return 0;
}
