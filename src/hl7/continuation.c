#include "hl7/continuation.h"

#include "line_end.h"

/* Takes one segment off the front of *rest, its end too. */
static struct str cut(struct str *rest, struct str end)
{
    const char *at = memmem(rest->p, rest->n, end.p, end.n);
    size_t n = at ? (size_t)(at - rest->p) : rest->n;
    struct str s = {rest->p, n};

    n += at ? end.n : 0;
    *rest = (struct str){rest->p + n, rest->n - n};
    return s;
}

/* `name` in either case, alone or with the separator behind it. */
static bool is(struct str s, const char *name, char separator)
{
    for (size_t i = 0; i < 3; i++) {
        if (s.n < 3 || (s.p[i] & ~0x20) != name[i])
            return false;
    }
    return s.n == 3 || s.p[3] == separator;
}

/* What stands behind the name and its separator; n 0 when there is none. */
static struct str behind_name(struct str s)
{
    return s.n > 4 ? (struct str){s.p + 4, s.n - 4} : (struct str){s.p, 0};
}

/* One part as it is laid end to end with the others. */
struct piece {
    struct hl7_header h;
    struct str end;    /* of its segments */
    struct str middle; /* all after MSH and before a last DSC */
    struct str dsc;    /* that one; absent: there is none */
};

static void cut_piece(struct str body, const struct hl7_header *h, struct piece *out)
{
    struct str rest = body, last = {NULL, 0};

    *out = (struct piece){.h = *h, .end = line_end(body, NULL)};
    (void)cut(&rest, out->end);
    out->middle = rest;
    while (rest.n) {
        struct str s = cut(&rest, out->end);

        if (str_trim(s).n)
            last = s;
    }
    if (is(last, "DSC", h->sep.field)) {
        out->dsc = last;
        out->middle.n = (size_t)(last.p - out->middle.p);
    }
}

static struct hl7_part links(const struct piece *p)
{
    struct hl7_part part = {.from = str_trim(p->h.fields[14]), .to = {"", 0}};
    struct str rest = behind_name(p->dsc);
    struct str pointer = str_cut(&rest, p->h.sep.field), style = {"", 0};

    if (rest.p)
        style = str_trim(str_cut(&rest, p->h.sep.field));
    if (p->dsc.p && !str_eq(style, STR("I")))
        part.to = str_trim(pointer);
    return part;
}

struct hl7_part hl7_part_read(struct str body, const struct hl7_header *h)
{
    struct piece p;

    cut_piece(body, h, &p);
    return links(&p);
}

/* The joining while it is made. */
struct joining {
    char *p;
    size_t n;
    struct str end; /* the first part's */
    bool open;      /* a bare ADD was the last segment */
};

static void put(struct joining *j, struct str s)
{
    if (s.n)
        memcpy(j->p + j->n, s.p, s.n);
    j->n += s.n;
}

/* A bare ADD is left out: it only says that the next part starts with ADD|. */
static void put_segments(struct joining *j, const struct piece *p)
{
    struct str rest = p->middle;

    j->open = false;
    while (rest.n) {
        struct str s = cut(&rest, p->end);

        if (str_trim(s).n == 0)
            continue;
        j->open = s.n == 3 && is(s, "ADD", p->h.sep.field);
        if (j->open)
            continue;
        put(j, s);
        put(j, j->end);
    }
}

static bool fits(const struct piece *first, const struct hl7_part *before, const struct piece *p,
                 size_t number, struct err *e)
{
    struct hl7_part own = links(p);
    const struct hl7_separators *s = &p->h.sep, *t = &first->h.sep;

    if (p->h.batch)
        return err_set(e, ERR_INPUT, 0, "part %zu is a batch", number);
    if (memcmp(s, t, sizeof *s) != 0)
        return err_set(e, ERR_INPUT, 0, "part %zu has other separators than part 1", number);
    if (!str_eq(str_trim(p->h.fields[18]), str_trim(first->h.fields[18])))
        return err_set(e, ERR_INPUT, 0, "part %zu has another MSH-18 than part 1", number);
    if (number > 1 && (before->to.n == 0 || !str_eq(own.from, before->to)))
        return err_set(e, ERR_INPUT, 0, "part %zu does not continue part %zu", number, number - 1);
    return true;
}

/* The first segment after MSH. */
static bool starts_with_add(const struct piece *p)
{
    struct str rest = p->middle, s = {NULL, 0};

    while (rest.n && str_trim(s).n == 0)
        s = cut(&rest, p->end);
    return is(s, "ADD", p->h.sep.field);
}

static bool join_one(struct joining *j, const struct piece *first, struct hl7_part *before,
                     const struct piece *p, size_t number, struct err *e)
{
    if (!fits(first, before, p, number, e))
        return false;
    if (j->open && !starts_with_add(p))
        return err_set(e, ERR_INPUT, 0, "part %zu does not go on with the segment of part %zu",
                       number, number - 1);
    put_segments(j, p);
    *before = links(p);
    return true;
}

bool hl7_join_parts(const struct str *parts, size_t n, struct arena *a, struct str *out,
                    struct err *e)
{
    struct joining j = {0};
    struct hl7_part before = {0};
    struct piece first, p;
    struct hl7_header h;
    size_t room = 0;

    for (size_t i = 0; i < n; i++)
        room += 2 * parts[i].n + 2; /* LF may become CR LF */
    j.p = arena_get(a, room + 1, 1);
    for (size_t i = 0; i < n; i++) {
        if (!hl7_header_scan(parts[i], &h, e))
            return err_in(e, i ? "a later part" : "part 1");
        cut_piece(parts[i], &h, &p);
        if (i == 0) {
            first = p;
            j.end = p.end;
            put(&j, h.text);
            put(&j, j.end);
        }
        if (!join_one(&j, &first, &before, &p, i + 1, e))
            return false;
    }
    if (j.open)
        return err_set(e, ERR_INPUT, 0, "part %zu promises more of a segment and is the last", n);
    *out = (struct str){j.p, j.n};
    return n > 0 || err_set(e, ERR_INPUT, 0, "no parts");
}
