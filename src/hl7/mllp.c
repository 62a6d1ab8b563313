#include "mllp_frame.h"

/* Kinds of runs between frames. */
enum run { RUN_NONE, RUN_PAD, RUN_JUNK };

enum { JUNK_MOST = 4096, NAME = 3 /* bytes of "MSH" */ };

struct mllp_settings mllp_settings_default(void)
{
    return (struct mllp_settings){.max = (size_t)4 << 20, .start = '\x0b', .end = '\x1c'};
}

void mllp_framer_init(struct mllp_framer *f, const struct mllp_settings *set)
{
    *f = (struct mllp_framer){.set = *set, .content = buf_new(set->max), .state = BETWEEN};
}

void mllp_framer_end(struct mllp_framer *f)
{
    buf_reset(&f->content);
}

static void close_stream(struct mllp_framer *f, enum hl7_code code, uint64_t offset, uint64_t count)
{
    framer_push(f, MLLP_CLOSE, code, offset, count);
    f->state = CLOSED;
}

/* Reports the run of pad or junk that ends here. */
static void end_run(struct mllp_framer *f)
{
    if (f->kind == RUN_PAD)
        framer_note(f, MLLP_PAD_BETWEEN, f->run, f->at - f->run);
    else if (f->kind == RUN_JUNK)
        framer_note(f, MLLP_JUNK_BETWEEN, f->run, f->at - f->run);
    f->kind = RUN_NONE;
}

static void begin_run(struct mllp_framer *f, enum run kind)
{
    f->kind = (int)kind;
    f->run = f->at;
    f->held = 0;
}

/* The next byte taken is the first of the content. */
static void begin_frame(struct mllp_framer *f, uint64_t start)
{
    f->state = IN_FRAME;
    f->start = start;
    f->content.n = 0;
    f->content.over = false;
    f->damaged = false;
    f->after_cr = false;
}

static bool is_pad(char c)
{
    return c == '\r' || c == '\n' || c == '\0' || c == ' ';
}

/* "MSH" where a start byte should be. */
static void start_missing(struct mllp_framer *f)
{
    uint64_t start = f->run;

    f->kind = RUN_NONE;
    if (!f->set.sb_optional) {
        close_stream(f, MLLP_SB_MISSING, start, NAME);
        return;
    }
    framer_note(f, MLLP_SB_MISSING, start, 0);
    begin_frame(f, start);
    (void)framer_add(f, STR("MSH"));
}

/* One byte between frames. */
static void between(struct mllp_framer *f, char c)
{
    bool lf_after = f->after_cr && c == '\n';

    f->after_cr = false;
    if (c == f->set.start) {
        end_run(f);
        f->any_sb = true;
        begin_frame(f, f->at + 1);
        f->at++;
        return;
    }
    if (lf_after) {
        framer_note(f, MLLP_LF_AFTER_FS, f->at++, 1);
        return;
    }
    if (f->kind == RUN_NONE && is_pad(c))
        begin_run(f, RUN_PAD);
    if (f->kind != RUN_JUNK && !is_pad(c)) {
        end_run(f);
        begin_run(f, RUN_JUNK);
    }
    f->at++;
    if (f->kind == RUN_PAD)
        return;
    if (f->held < NAME && f->at - f->run == f->held + 1 && c == "MSH"[f->held] &&
        (f->set.sb_optional || !f->any_sb) && ++f->held == NAME)
        start_missing(f);
    else if (f->at - f->run > JUNK_MOST)
        close_stream(f, MLLP_JUNK_BETWEEN, f->run, f->at - f->run);
}

/* A byte of a damaged message: all is skipped up to the next start byte. */
static void resync(struct mllp_framer *f, char c)
{
    if (c == f->set.start) {
        end_run(f);
        begin_frame(f, ++f->at);
        return;
    }
    if (f->kind == RUN_NONE)
        begin_run(f, RUN_JUNK);
    f->at++;
    if (f->at - f->run > f->set.max)
        close_stream(f, MLLP_JUNK_BETWEEN, f->run, f->at - f->run);
}

/* One byte after FS. False: it is not taken, and belongs to what follows. */
static bool after_end(struct mllp_framer *f, char c)
{
    if (c == f->set.start) {
        framer_note(f, MLLP_FS_NO_CR, f->at, 0);
        framer_deliver(f);
        return false;
    }
    if (c == '\n')
        framer_note(f, MLLP_LF_AFTER_FS, f->at, 1);
    if (c == '\r' || c == '\n') {
        framer_deliver(f);
        f->after_cr = c == '\r';
        f->at++;
        return true;
    }
    if (f->content.n == 0)
        framer_deliver(f); /* nothing to refuse */
    else
        framer_refuse(f, MLLP_FS_IN_CONTENT, f->at - 1, false);
    return false;
}

/* The bytes held after a start byte inside are content after all. */
static void keep_held(struct mllp_framer *f)
{
    struct str held = {f->hold, f->held};
    uint64_t at = f->at - f->held - f->n_inside;

    f->state = IN_FRAME;
    f->damaged = true;
    framer_note(f, MLLP_SB_IN_CONTENT, at, f->n_inside);
    for (size_t i = 0; i < f->n_inside; i++) {
        if (!framer_add(f, (struct str){&f->set.start, 1}))
            return;
    }
    (void)framer_add(f, held);
}

static bool starts_message(const char name[NAME])
{
    return memcmp(name, "MSH", NAME) == 0 || memcmp(name, "FHS", NAME) == 0 ||
           memcmp(name, "BHS", NAME) == 0;
}

/* A new message begins: what was read of the old one is dropped. */
static void cut(struct mllp_framer *f)
{
    uint64_t first = f->at - NAME - f->n_inside;

    framer_note(f, MLLP_FRAME_CUT, f->start, first - f->start);
    if (f->n_inside > 1)
        framer_note(f, MLLP_SB_DOUBLED, first + 1, f->n_inside - 1);
    begin_frame(f, f->at - NAME);
    (void)framer_add(f, (struct str){f->hold, NAME});
}

/* One byte after a start byte inside a frame. False: it is not taken. */
static bool inside(struct mllp_framer *f, char c)
{
    if (c == f->set.start && f->held == 0 && f->n_inside < JUNK_MOST) {
        f->n_inside++;
        f->at++;
        return true;
    }
    if (c == f->set.start || c == f->set.end) {
        keep_held(f);
        return false;
    }
    f->hold[f->held++] = c;
    f->at++;
    if (f->held == NAME && starts_message(f->hold))
        cut(f);
    else if (f->held == NAME)
        keep_held(f);
    return true;
}

/* Content up to the next start or end byte. Returns how many bytes it took. */
static size_t content(struct mllp_framer *f, struct str in)
{
    const char *end = memchr(in.p, f->set.end, in.n);
    size_t n = end ? (size_t)(end - in.p) : in.n;
    const char *start = memchr(in.p, f->set.start, n);

    if (start)
        n = (size_t)(start - in.p);
    if (n) {
        size_t room = f->set.max - f->content.n;

        n = n > room ? room + 1 : n; /* the first byte too many is the last one looked at */
        (void)framer_add(f, (struct str){in.p, n});
        f->at += n;
        return n;
    }
    if (in.p[0] == f->set.end) {
        f->state = SEEN_FS;
    } else if (f->content.n == 0) {
        framer_note(f, MLLP_SB_DOUBLED, f->at, 1);
        f->start++;
    } else {
        f->state = SB_INSIDE;
        f->held = 0;
        f->n_inside = 1;
    }
    f->at++;
    return 1;
}

/* Takes at least one byte, or leaves an event. Returns how many bytes it took. */
static size_t step(struct mllp_framer *f, struct str in)
{
    switch ((enum framer_state)f->state) {
    case BETWEEN:
        between(f, in.p[0]);
        return 1;
    case IN_FRAME:
        return content(f, in);
    case SB_INSIDE:
        return inside(f, in.p[0]);
    case SEEN_FS:
        return after_end(f, in.p[0]);
    case RESYNC:
        resync(f, in.p[0]);
        return 1;
    case CLOSED:
        f->at += in.n;
        return in.n;
    }
    return in.n;
}

static enum mllp_step pop(struct mllp_framer *f, struct mllp_event *ev)
{
    *ev = f->queue[f->taken++];
    if (f->taken == f->n_queue)
        f->taken = f->n_queue = 0;
    return ev->step;
}

enum mllp_step mllp_next(struct mllp_framer *f, struct str *in, struct mllp_event *ev)
{
    *ev = (struct mllp_event){.step = MLLP_MORE, .offset = f->at};
    if (f->n_queue)
        return pop(f, ev);
    while (in->n && f->n_queue == 0) {
        size_t n = step(f, *in);

        *in = (struct str){in->p + n, in->n - n};
    }
    return f->n_queue ? pop(f, ev) : MLLP_MORE;
}

void mllp_silence(struct mllp_framer *f)
{
    if (f->state == SEEN_FS) {
        framer_note(f, MLLP_FS_NO_CR, f->at, 0);
        framer_deliver(f);
    }
}

void mllp_timeout(struct mllp_framer *f)
{
    if (mllp_waits(f) == MLLP_WAIT_FRAME)
        close_stream(f, MLLP_FRAME_TIMEOUT, f->start, f->at - f->start);
}

void mllp_eof(struct mllp_framer *f)
{
    switch ((enum framer_state)f->state) {
    case BETWEEN:
    case RESYNC:
        end_run(f);
        f->state = CLOSED;
        break;
    case SEEN_FS: /* the end of the stream is the longest silence */
        mllp_silence(f);
        f->state = CLOSED;
        break;
    case IN_FRAME:
    case SB_INSIDE:
        framer_note(f, MLLP_EOF_IN_FRAME, f->start, f->at - f->start);
        f->state = CLOSED;
        break;
    case CLOSED:
        break;
    }
}

enum mllp_wait mllp_waits(const struct mllp_framer *f)
{
    switch ((enum framer_state)f->state) {
    case BETWEEN:
    case CLOSED:
        return MLLP_WAIT_START;
    case IN_FRAME:
    case SB_INSIDE:
    case RESYNC:
        return MLLP_WAIT_FRAME;
    case SEEN_FS:
        return MLLP_WAIT_GRACE;
    }
    return MLLP_WAIT_START;
}

void mllp_trim(struct mllp_framer *f, size_t keep)
{
    if (f->n_queue || f->state != BETWEEN || f->content.size <= keep)
        return;
    buf_reset(&f->content);
}
