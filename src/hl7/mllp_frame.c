#include "mllp_frame.h"

#include <assert.h>

void framer_push(struct mllp_framer *f, enum mllp_step step, enum hl7_code code, uint64_t offset,
                 uint64_t count)
{
    assert(f->n_queue < MLLP_PENDING);
    f->queue[f->n_queue++] =
        (struct mllp_event){.step = step, .code = code, .offset = offset, .count = count};
}

void framer_note(struct mllp_framer *f, enum hl7_code code, uint64_t offset, uint64_t count)
{
    framer_push(f, MLLP_NOTE, code, offset, count);
}

static struct str skip(struct mllp_framer *f, struct str s, size_t n, enum hl7_code code)
{
    if (n)
        framer_note(f, code, f->start + (uint64_t)(s.p - f->content.p), n);
    return (struct str){s.p + n, s.n - n};
}

/* The content without byte order mark and leading blanks. */
static struct str strip(struct mllp_framer *f)
{
    struct str s = buf_str(&f->content);
    size_t n = 0;

    s = skip(f, s, str_starts(s, STR("\xEF\xBB\xBF")) ? 3 : 0, MLLP_BOM);
    while (n < s.n && strchr(" \t\r\n", s.p[n]) && s.p[n] != '\0')
        n++;
    return n == s.n ? (struct str){s.p, 0} : skip(f, s, n, MLLP_LEADING_BLANK);
}

/* The frame is whole: what it is decides what comes of it. */
void framer_deliver(struct mllp_framer *f)
{
    struct str content = buf_str(&f->content);

    f->state = BETWEEN;
    if (content.n == 1 && (content.p[0] == '\x06' || content.p[0] == '\x15')) {
        framer_note(f, MLLP_R2_BYTE, f->start, 1);
        f->queue[f->n_queue - 1].content = content;
        return;
    }
    content = strip(f);
    if (content.n == 0) {
        framer_note(f, MLLP_EMPTY, f->start, f->content.n);
        return;
    }
    if (f->damaged)
        framer_push(f, MLLP_REFUSE, MLLP_SB_IN_CONTENT, f->start, f->content.n);
    else
        framer_push(f, MLLP_FRAME, HL7_CODE_NONE, f->start, f->content.n);
    f->queue[f->n_queue - 1].content = content;
}

/* Refuses what was read so far. */
void framer_refuse(struct mllp_framer *f, enum hl7_code code, uint64_t offset, bool last)
{
    struct str content = strip(f);

    framer_push(f, MLLP_REFUSE, code, offset, f->content.n);
    f->queue[f->n_queue - 1].content = content;
    f->queue[f->n_queue - 1].last = last;
    f->state = last ? CLOSED : RESYNC;
}

/* Adds content; false once it passes the cap. */
bool framer_add(struct mllp_framer *f, struct str s)
{
    size_t room = f->set.max - f->content.n;

    if (s.n <= room)
        return buf_add(&f->content, s);
    (void)buf_add(&f->content, (struct str){s.p, room});
    framer_refuse(f, MLLP_TOO_LARGE, f->start + f->set.max, true);
    return false;
}
