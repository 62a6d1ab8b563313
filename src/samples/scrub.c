#include "samples/scrub.h"

#include "base/buf.h"

enum { FILE_MOST = 2 * SOURCE_MOST };

struct file {
    const struct fake *fake;
    struct arena *arena;
    struct scrubbed *result;
    struct buf out;
};

static void fault(struct file *f, size_t at, const struct err *why)
{
    struct scrubbed *r = f->result;

    if (r->n_faults < SCRUB_FAULTS)
        r->faults[r->n_faults++] = (struct scrub_fault){at, *why};
    else
        r->over = true;
}

static void one_message(struct file *f, const struct piece *p)
{
    struct arena a = {0};
    struct err e = {0};
    struct str text;

    if (p->kind == PIECE_FHIR ? scrub_fhir(f->fake, p->bytes, &a, &text, &e)
                              : scrub_hl7(f->fake, p->bytes, &a, &text, &e)) {
        (void)buf_add(&f->out, text);
        f->result->n_messages += p->kind != PIECE_BATCH;
    } else {
        fault(f, p->at, &e);
    }
    arena_reset(&a);
}

/* A trailer of a batch holds a count and a comment: the count stays. */
static void one_batch_segment(struct file *f, const struct piece *p)
{
    struct str rest = p->bytes, name, count;

    if (p->bytes.p[1] == 'H') {
        one_message(f, p);
        return;
    }
    name = (struct str){rest.p, rest.n < 4 ? rest.n : 4};
    (void)buf_add(&f->out, name);
    if (rest.n <= 4)
        return;
    rest = (struct str){rest.p + 4, rest.n - 4};
    count = str_cut(&rest, name.p[3]);
    for (size_t i = 0; i < count.n; i++)
        (void)buf_add_char(&f->out, count.p[i] >= '0' && count.p[i] <= '9' ? count.p[i] : '0');
}

bool scrub_file(const struct fake *fake, struct str bytes, struct arena *a, struct scrubbed *out,
                struct err *e)
{
    struct file f = {fake, a, out, buf_new(FILE_MOST)};
    struct pieces pieces;

    *out = (struct scrubbed){.faults = NEW_ARRAY(a, struct scrub_fault, SCRUB_FAULTS)};
    if (!source_split(bytes, a, &pieces, e))
        return false;
    for (size_t i = 0; i < pieces.n; i++) {
        const struct piece *p = &pieces.items[i];
        struct err why = {0};

        if (p->kind == PIECE_FRAME) {
            (void)buf_add(&f.out, p->bytes);
        } else if (p->kind == PIECE_OTHER) {
            (void)err_set(&why, ERR_INPUT, 0, "%zu bytes that are no message", p->bytes.n);
            fault(&f, p->at, &why);
        } else if (p->kind == PIECE_BATCH) {
            one_batch_segment(&f, p);
        } else {
            one_message(&f, p);
        }
    }
    if (f.out.over) {
        buf_reset(&f.out);
        return err_set(e, ERR_INPUT, 0, "what it becomes is over %d bytes", FILE_MOST);
    }
    out->bytes = arena_copy(a, buf_str(&f.out));
    buf_reset(&f.out);
    return true;
}
