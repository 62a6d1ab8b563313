#include "vendor.h"

#include <iconv.h>

#include "base/closest.h"
#include "hl7/edit.h"
#include "hl7/message.h"
#include "hl7/path.h"

enum op {
    SET,    /* value at path */
    COPY,   /* what stands at the path `value` */
    APPEND, /* the segment `value` */
    KEEP,   /* only the segments named in `value`, and these as they stand there */
    CUT,    /* the first so many characters of a time */
    PAD,    /* the first 14 digits of a time, then `value` */
    ISO,    /* 2026-11-21T10:15:00 */
};

struct vendor {
    const char *name, *base, *encoding; /* NULL: UTF-8 */
};

#define SIU       "demo:01-siu-s12-booked"
#define SIU_ASCII "demo:04-siu-s12-new-york"
#define ORU       "demo:05-oru-r01-ready"

static const struct vendor vendors[] = {
    {"epic", SIU_ASCII, NULL},          {"cerner", SIU_ASCII, NULL}, {"meditech", SIU_ASCII, NULL},
    {"isalus", SIU_ASCII, NULL},        {"infor", SIU_ASCII, NULL},  {"vista", SIU_ASCII, NULL},
    {"kontakt", SIU_ASCII, NULL},       {"hongkong", ORU, NULL},     {"taiwan", SIU, "BIG5"},
    {"spain", SIU_ASCII, "ISO-8859-1"},
};

enum { VENDORS = sizeof vendors / sizeof *vendors };

static const struct {
    const char *vendor;
    enum op op;
    const char *path, *value;
} deviations[] = {
    {"epic", SET, "MSH-3", "EPIC"},
    {"epic", SET, "MSH-12", "2.3"},
    {"epic", PAD, "MSH-7", "00"}, /* 16 digits, no offset */
    {"epic", SET, "MSH-18", ""},
    {"epic", SET, "SCH-1", ""}, /* SCH-2 only */
    {"epic", CUT, "SCH-11.4", "12"},
    {"epic", SET, "SCH-25", "1^SCH"},
    {"epic", SET, "PID-13", "271-9000"}, /* no area code */
    {"epic", APPEND, NULL, "NTE|1||bring the old films"},
    {"epic", APPEND, NULL, "ZCH|1|WALK|N"},
    {"cerner", SET, "MSH-3", "CERNER"},
    {"cerner", SET, "MSH-12", "2.3"},
    {"cerner", ISO, "MSH-7", NULL},
    {"cerner", ISO, "SCH-11.4", NULL},
    {"cerner", ISO, "SCH-11.5", NULL},
    {"cerner", APPEND, NULL, "ZDS|1.2.840.113619.2.62.994044785528.114289542805"},
    {"cerner", APPEND, NULL, "ZCO|1|A"},
    {"meditech", SET, "MSH-3", "MEDITECH"},
    {"meditech", SET, "MSH-12", "2.3"},
    {"meditech", CUT, "MSH-7", "12"},
    {"meditech", CUT, "SCH-11.4", "12"},
    {"meditech", CUT, "SCH-11.5", "12"},
    {"meditech", APPEND, NULL, "ZF1|1|A"},
    {"meditech", APPEND, NULL, "ZF2|1|B"},
    {"isalus", SET, "MSH-3", "OFFICEEMR"},
    {"isalus", SET, "MSH-12", "2.3.1"},
    {"isalus", SET, "MSH-9", "SIU^S14"}, /* check-in */
    {"isalus", SET, "MSH-10", "6f1c2a90-3b7e-4d51-9c0e-5a2b7d8e1f34"},
    {"isalus", COPY, "SCH-1", "SCH-2"},
    {"isalus", SET, "SCH-8.1", "F3001"},
    {"infor", SET, "MSH-3", "POU"},
    {"infor", SET, "MSH-12", "2.3"},
    {"infor", SET, "MSH-9", "SIU^S15"},
    {"infor", KEEP, NULL, "SCH|||||F3001"}, /* the key, and nothing else */
    {"vista", SET, "MSH-3", "SR-VISTA"},
    {"vista", SET, "MSH-9", "ZIU^S14"},
    {"vista", SET, "MSH-12", "2.1"},
    {"kontakt", SET, "MSH-3", "KONTAKT"},
    {"kontakt", SET, "MSH-12", "2.3"},
    {"kontakt", SET, "SCH-11.4", "20260305140000"}, /* not what AIS and AIL say */
    {"kontakt", SET, "SCH-11.5", "20260305143000"},
    {"hongkong", SET, "MSH-3", "LIS"},
    {"hongkong", SET, "MSH-9", "ORU^R01"},
    {"hongkong", SET, "MSH-10", "260302121500001"}, /* YYMMDDhhmmss and a sequence */
    {"hongkong", SET, "MSH-12", "2.3.1"},
    {"hongkong", SET, "MSH-15", "AL"},
    {"hongkong", SET, "MSH-16", "AL"},
    {"hongkong", SET, "MSH-17", "HKG"},
    {"hongkong", SET, "MSH-18", "ASCII"},
    {"hongkong", SET, "PID-3", "HKID:A1234567"},
    {"hongkong", SET, "PID-5", "CHAN^TAI MAN"},
    {"taiwan", SET, "MSH-12", "2.3.1"},
    {"taiwan", SET, "MSH-18", "BIG-5"},
    {"taiwan", SET, "PID-5", "許^功蓋"}, /* each holds the byte of a separator */
    {"spain", SET, "MSH-3", "CITAS"},
    {"spain", SET, "MSH-12", "2.5"},
    {"spain", SET, "MSH-17", "ESP"},
    {"spain", SET, "MSH-18", ""}, /* and yet 8859/1 */
    {"spain", SET, "PID-5", "Muñoz Núñez^Begoña"},
};

const struct vendor *vendor_find(const char *name, const char **near)
{
    const char *names[VENDORS];

    for (size_t i = 0; i < VENDORS; i++) {
        if (strcmp(vendors[i].name, name) == 0)
            return &vendors[i];
        names[i] = vendors[i].name;
    }
    *near = closest(name, names, VENDORS);
    return NULL;
}

const char *vendor_base(const struct vendor *v)
{
    return v->base;
}

/* The raw text at a path: of the first segment of that name, first repetition. */
static bool value_at(const struct sample *s, const char *path, struct arena *a, struct str *out,
                     struct err *e)
{
    struct hl7_path p;
    struct str rest = s->body, segment, field = {NULL, 0};
    size_t at;

    if (!hl7_path_parse(str_of(path), a, &p, &at, e))
        return false;
    while (rest.p) {
        segment = str_cut(&rest, '\r');
        if (!str_starts(segment, str_of(p.segment)))
            continue;
        for (unsigned i = strcmp(p.segment, "MSH") == 0; i <= p.field && segment.p; i++)
            field = str_cut(&segment, '|');
        for (unsigned i = 1; field.p && p.component && i < p.component; i++)
            (void)str_cut(&field, '^');
        *out = p.component && field.p ? str_cut(&field, '^') : field;
        return true;
    }
    return err_set(e, ERR_CONFIG, 0, "%s: no segment %s", s->file, p.segment);
}

static bool is_time(struct str s)
{
    for (size_t i = 0; i < 14; i++) {
        if (i >= s.n || s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return true;
}

/* A time of 14 digits, or none, as this vendor writes it. */
static struct str time_as(enum op op, struct str was, const char *value, struct arena *a)
{
    const char *p = was.p;

    if (!is_time(was))
        return was;
    if (op == CUT)
        return (struct str){p, 12};
    if (op == PAD)
        return arena_printf(a, "%.14s%s", p, value);
    return arena_printf(a, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", p, p + 4, p + 6, p + 8, p + 10, p + 12);
}

/* The header, and that one segment. */
static void keep_only(struct sample *s, const char *segment, struct arena *a)
{
    struct str rest = s->body, msh = str_cut(&rest, '\r');

    s->body = arena_printf(a, STR_FMT "\r%s\r", STR_ARG(msh), segment);
}

static bool deviate(size_t i, struct sample *s, struct arena *a, struct err *e)
{
    const char *path = deviations[i].path, *value = deviations[i].value;
    struct str was = {NULL, 0};

    switch (deviations[i].op) {
    case SET:
        return sample_set(s, str_of(path), str_of(value), a, e);
    case COPY:
        return value_at(s, value, a, &was, e) && sample_set(s, str_of(path), was, a, e);
    case APPEND:
        return hl7_edit_append(s->body, str_of(value), a, &s->body, e);
    case KEEP:
        keep_only(s, value, a);
        return true;
    case CUT:
    case PAD:
    case ISO:
        return value_at(s, path, a, &was, e) &&
               sample_set(s, str_of(path), time_as(deviations[i].op, was, value, a), a, e);
    }
    return true;
}

bool vendor_write(const struct vendor *v, struct sample *s, struct arena *a, struct err *e)
{
    if (s->fhir)
        return err_set(e, ERR_CONFIG, 0, "%s: --as writes HL7 v2 messages only", s->file);
    for (size_t i = 0; i < sizeof deviations / sizeof *deviations; i++) {
        if (strcmp(deviations[i].vendor, v->name) == 0 && !deviate(i, s, a, e)) {
            e->kind = ERR_CONFIG;
            return err_in(e, v->name);
        }
    }
    sample_name(s, a);
    return true;
}

bool vendor_encode(const struct vendor *v, struct sample *s, struct arena *a, struct err *e)
{
    iconv_t to;
    char *in = (char *)(uintptr_t)s->body.p, *out, *end;
    size_t left = s->body.n, room = s->body.n * 2 + 16, rc;

    if (!v->encoding)
        return true;
    to = iconv_open(v->encoding, "UTF-8");
    if (to == (iconv_t)-1)
        return err_set(e, ERR_CONFIG, 0, "%s: %s cannot be written here", v->name, v->encoding);
    out = end = arena_get(a, room, 1);
    rc = iconv(to, &in, &left, &end, &room);
    (void)iconv_close(to);
    if (rc == (size_t)-1)
        return err_set(e, ERR_CONFIG, 0, "%s: byte %zu of %s is not in %s", v->name,
                       s->body.n - left, s->file, v->encoding);
    s->body = (struct str){out, (size_t)(end - out)};
    sample_name(s, a);
    return true;
}
