#include "hl7/batch.h"

#include "hl7/message.h"

enum mark { OTHER, FILE_HEAD, BATCH_HEAD, MESSAGE, BATCH_TAIL, FILE_TAIL };

/* The segments of a frame, one after the other. */
struct lines {
    struct str body;
    size_t at;
    const char *cr;  /* the first CR from here on, or the end */
    bool lf;         /* the last header ended in LF: so may segments */
    struct str line; /* the present one */
    enum mark mark;
};

/* What has begun; the same for counting and for keeping. */
struct shape {
    bool group, message; /* open */
    size_t n_groups, n_messages;
};

struct reading {
    struct hl7_batch *out;
    struct hl7_notes *notes;
    struct hl7_batch_group *groups;
    struct str *messages;
    struct shape shape;
};

static bool is_name_byte(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static enum mark mark_of(struct str line)
{
    static const struct {
        const char *name;
        enum mark mark;
    } all[] = {{"FHS", FILE_HEAD},
               {"BHS", BATCH_HEAD},
               {"MSH", MESSAGE},
               {"BTS", BATCH_TAIL},
               {"FTS", FILE_TAIL}};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (str_starts(line, str_of(all[i].name)) && (line.n == 3 || !is_name_byte(line.p[3])))
            return all[i].mark;
    }
    return OTHER;
}

/* The next segment that is not blank; false: there is none. A header ends at CR or LF, whichever comes
 * first; what follows it ends at CR, and at LF only if the header did. */
static bool next_line(struct lines *l)
{
    const char *end = l->body.p + l->body.n, *p, *stop;

    while (l->at < l->body.n && (l->body.p[l->at] == '\r' || l->body.p[l->at] == '\n'))
        l->at++;
    if (l->at == l->body.n)
        return false;
    p = l->body.p + l->at;
    if (!l->cr || l->cr < p)
        l->cr = memchr(p, '\r', (size_t)(end - p));
    l->cr = l->cr ? l->cr : end;
    stop = l->cr;
    l->mark = mark_of((struct str){p, (size_t)(stop - p)});
    if (l->mark == FILE_HEAD || l->mark == BATCH_HEAD || l->mark == MESSAGE)
        l->lf = memchr(p, '\n', (size_t)(stop - p)) != NULL;
    if (l->lf && memchr(p, '\n', (size_t)(stop - p)))
        stop = memchr(p, '\n', (size_t)(stop - p));
    l->line = (struct str){p, (size_t)(stop - p)};
    l->at += l->line.n;
    return true;
}

/* False: this segment has no place here. */
static bool shape_add(struct shape *s, enum mark mark)
{
    switch (mark) {
    case BATCH_HEAD:
        s->n_groups++;
        s->group = true;
        s->message = false;
        return true;
    case MESSAGE:
        s->n_groups += !s->group;
        s->n_messages++;
        s->group = s->message = true;
        return true;
    case BATCH_TAIL:
        if (!s->group)
            return false;
        s->group = s->message = false;
        return true;
    case FILE_HEAD:
    case FILE_TAIL:
        s->group = s->message = false;
        return true;
    case OTHER:
        break;
    }
    return s->message;
}

/* What the frame holds, counted before anything is kept of it. */
static bool count(struct str body, size_t most, struct shape *s, struct err *e)
{
    struct lines l = {.body = body};

    while (next_line(&l)) {
        (void)shape_add(s, l.mark);
        if (s->n_messages > most)
            return err_set(e, ERR_INPUT, HL7_LIMIT, "offset %zu: more than %zu messages",
                           (size_t)(l.line.p - body.p), most);
        if (s->n_groups > most)
            return err_set(e, ERR_INPUT, HL7_LIMIT, "offset %zu: more than %zu batches",
                           (size_t)(l.line.p - body.p), most);
    }
    return true;
}

/* BTS-1 or FTS-1: 0 not valued, 1 it is n, -1 it is not. */
static int judge_count(struct str tail, size_t n)
{
    struct str s;
    size_t value = 0;

    if (tail.n < 4)
        return 0;
    s = (struct str){tail.p + 4, tail.n - 4};
    s = str_trim(str_cut(&s, tail.p[3]));
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || value > 100000000)
            return -1;
        value = value * 10 + (size_t)(s.p[i] - '0');
    }
    if (s.n == 0)
        return 0;
    return value == n ? 1 : -1;
}

static size_t offset_of(const struct reading *r, struct str s)
{
    return (size_t)(s.p - r->out->body.p);
}

static void stray(struct reading *r, struct str line)
{
    r->out->n_stray++;
    hl7_note(r->notes, HL7_BATCH_STRAY, offset_of(r, line));
}

/* The present message ends where `next` starts. */
static void end_message(struct reading *r, const char *next)
{
    if (r->shape.message) {
        struct str *m = &r->messages[r->shape.n_messages - 1];

        m->n = (size_t)(next - m->p);
    }
}

/* The present batch ends, with its trailer or (tail absent) without. */
static void end_group(struct reading *r, struct str tail)
{
    struct hl7_batch_group *g;
    int judged;

    if (!r->shape.group)
        return;
    g = &r->groups[r->shape.n_groups - 1];
    if (!tail.p) {
        if (g->headed)
            hl7_note(r->notes, HL7_BATCH_OPEN, offset_of(r, g->header.text));
        return;
    }
    judged = judge_count(tail, g->n_messages);
    g->closed = true;
    g->counted = judged != 0;
    g->wrong = judged < 0;
    if (g->wrong)
        hl7_note(r->notes, HL7_BATCH_COUNT, offset_of(r, tail));
}

static bool read_head(const struct reading *r, struct str line, struct hl7_header *h, struct err *e)
{
    struct err inner;

    return hl7_header_scan(line, h, &inner) ||
           err_set(e, ERR_INPUT, 0, "offset %zu: the header of a batch has no separators",
                   offset_of(r, line));
}

/* A batch of its own, or what stands without one. */
static void open_group(struct reading *r)
{
    struct hl7_batch_group *g = &r->groups[r->shape.n_groups];

    *g = (struct hl7_batch_group){.messages = r->messages + r->shape.n_messages,
                                  .header = r->out->file};
    if (!r->out->has_file)
        g->header = (struct hl7_header){.sep = hl7_separators_default(), .batch = true};
}

static bool take_file_head(struct reading *r, struct str line, struct err *e)
{
    if (r->out->has_file) {
        stray(r, line);
        return true;
    }
    r->out->has_file = true;
    return read_head(r, line, &r->out->file, e);
}

static void take_file_tail(struct reading *r, struct str line)
{
    int judged = judge_count(line, r->shape.n_groups);

    if (!r->out->has_file || r->out->file_closed) {
        stray(r, line);
        return;
    }
    r->out->file_closed = true;
    r->out->file_counted = judged != 0;
    r->out->file_wrong = judged < 0;
    if (r->out->file_wrong)
        hl7_note(r->notes, HL7_BATCH_COUNT, offset_of(r, line));
}

/* One segment: first what it ends, then what it begins. */
static bool take(struct reading *r, const struct lines *l, struct err *e)
{
    const bool had_group = r->shape.group;
    bool ok = true;

    if (l->mark != OTHER)
        end_message(r, l->line.p);
    if (l->mark != OTHER && l->mark != MESSAGE)
        end_group(r, l->mark == BATCH_TAIL ? l->line : (struct str){NULL, 0});
    if (l->mark == BATCH_HEAD || (l->mark == MESSAGE && !had_group))
        open_group(r);
    if (l->mark == FILE_HEAD)
        ok = take_file_head(r, l->line, e);
    if (l->mark == FILE_TAIL)
        take_file_tail(r, l->line);
    if (!shape_add(&r->shape, l->mark))
        stray(r, l->line);
    if (l->mark == BATCH_HEAD) {
        r->groups[r->shape.n_groups - 1].headed = true;
        ok = read_head(r, l->line, &r->groups[r->shape.n_groups - 1].header, e);
    }
    if (l->mark == MESSAGE) {
        r->messages[r->shape.n_messages - 1] = l->line;
        r->groups[r->shape.n_groups - 1].n_messages++;
    }
    return ok;
}

bool hl7_batch_read(struct str body, size_t most, struct arena *a, struct hl7_notes *notes,
                    struct hl7_batch *out, struct err *e)
{
    struct lines l = {.body = body};
    struct reading r = {.out = out, .notes = notes};
    struct shape whole = {0};
    enum mark first = mark_of(body);

    *out = (struct hl7_batch){.body = body};
    if (first != FILE_HEAD && first != BATCH_HEAD && first != MESSAGE)
        return err_set(e, ERR_INPUT, 0, "offset 0: no FHS, BHS or MSH segment");
    if (!count(body, most, &whole, e))
        return false;
    r.groups = NEW_ARRAY(a, struct hl7_batch_group, whole.n_groups + 1);
    r.messages = NEW_ARRAY(a, struct str, whole.n_messages + 1);
    while (next_line(&l)) {
        if (!take(&r, &l, e))
            return false;
    }
    end_message(&r, body.p + body.n);
    if (r.shape.group)
        end_group(&r, (struct str){NULL, 0});
    if (out->has_file && !out->file_closed)
        hl7_note(notes, HL7_BATCH_OPEN, offset_of(&r, out->file.text));
    out->groups = r.groups;
    out->n_groups = r.shape.n_groups;
    out->n_messages = r.shape.n_messages;
    return true;
}
