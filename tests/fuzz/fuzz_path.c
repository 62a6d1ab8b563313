/* A path on the first line, a message behind it: what is read prints as it was written, every prefix of it is
 * read or refused at an offset inside, and its elements are parts of the message, in order, the same each
 * time. */
#include <stdlib.h>

#include "base/utf8.h"
#include "hl7/group.h"
#include "hl7/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
    if (!good)
        abort();
}

static bool parse(struct str text, struct arena *a, struct hl7_path *p)
{
    struct err e = {0};
    size_t at;

    if (hl7_path_parse(text, a, p, &at, &e)) {
        need(at == text.n && str_eq(hl7_path_print(p, a), text));
        need(p->field >= 1 && p->field <= 999 && (p->component || !p->subcomponent));
        return true;
    }
    need(at <= text.n && e.kind == ERR_INPUT && e.text[0]);
    return false;
}

static void check_elements(const struct hl7_elements *all, const struct hl7_message *m, size_t n)
{
    need(all->n <= HL7_PATH_MOST);
    for (size_t i = 0; i < all->n; i++) {
        const struct hl7_element *el = &all->items[i];

        need(el->segment < n && el->repetition >= 1);
        need(i == 0 || el[-1].segment < el->segment ||
             (el[-1].segment == el->segment && el[-1].repetition < el->repetition));
        need((el->state == HL7_VALUE) == (el->text.p != NULL));
        need(!el->raw.p || el->state == HL7_VALUE);
        need(!el->raw.n ||
             (el->raw.p >= m->text.p && el->raw.p + el->raw.n <= m->text.p + m->text.n));
    }
}

/* Of all elements the path's own answer is the strongest, and a value before anything else. */
static void check_state(const struct hl7_elements *all)
{
    enum hl7_state strongest = HL7_ABSENT;

    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].state > strongest)
            strongest = all->items[i].state;
    need(hl7_elements_state(all) == strongest);
}

static void read_in(const struct hl7_path *p, struct str text, struct arena *a)
{
    struct hl7_limits limits = hl7_limits_default();
    const struct hl7_segment **list;
    struct hl7_elements all, again;
    struct hl7_message m;
    struct err e;

    if (!hl7_message_index(text, NULL, &limits, a, NULL, &m, &e))
        return;
    list = NEW_ARRAY(a, const struct hl7_segment *, m.n_segments + 1);
    for (size_t i = 0; i < m.n_segments; i++)
        list[i] = &m.segments[i];
    for (int whole = 0; whole < 2; whole++) {
        hl7_path_read(p, &m, list, m.n_segments, whole, a, &all);
        hl7_path_read(p, &m, list, m.n_segments, whole, a, &again);
        check_elements(&all, &m, m.n_segments);
        check_state(&all);
        need(all.n == again.n);
        for (size_t i = 0; i < all.n; i++)
            need(all.items[i].state == again.items[i].state &&
                 str_eq(all.items[i].text, again.items[i].text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str message = {size ? (const char *)data : "", size};
    struct str text = str_cut(&message, '\n');
    struct arena a = {0};
    struct hl7_path p, shorter;

    if (parse(text, &a, &p) && message.p)
        read_in(&p, message, &a);
    for (size_t n = 0; n < text.n && n < 64; n++)
        (void)parse((struct str){text.p, n}, &a, &shorter);
    arena_reset(&a);
    return 0;
}
