/* Whose segment is it: the tables of docs/feed-language.md, section 4.4, read a second time, slowly and by
 * the book, against the real cut over random messages. */
#include "../../src/feed/scope.h"
#include "base/buf.h"
#include "check.h"

enum { SEGMENTS_MOST = 16, MESSAGES = 3000, INSTANCES_MOST = 400, TEXT_MOST = 1000 };

static const char *const types[] = {"SIU^S12", "SRM^S01", "ORU^R01", "RDE^O11", "MDM^T02"};
/* PID, RGS and ORC more often than by chance: everything turns on them. */
static const char *const pool[] = {"PID", "PID", "PV1", "ORC", "ORC", "OBR", "OBR", "OBX",
                                   "NTE", "NTE", "RGS", "AIS", "AIG", "AIL", "AIP", "SCH",
                                   "ZPI", "RXE", "RXD", "TXA", "FT1", "RGS", "AIS", "OBX"};
static const char *const leads[] = {"",    "OBR", "RXE", "RXD", "RGS", "AIS",
                                    "AIG", "AIL", "AIP", "TXA", "FT1"};
enum { LEADS = sizeof leads / sizeof *leads, NAMES = sizeof pool / sizeof *pool };

struct message { /* names only */
    const char *names[SEGMENTS_MOST];
    int n;
    bool scheduling;
};

static bool is(const struct message *m, int i, const char *name)
{
    return i >= 0 && i < m->n && strcmp(m->names[i], name) == 0;
}

static bool among(const char *name, const char *const *names)
{
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static bool is_order(const char *lead)
{
    static const char *const orders[] = {"OBR", "RXE", "RXD", NULL};

    return among(lead, orders);
}

static bool is_resource(const char *name)
{
    static const char *const resources[] = {"AIS", "AIG", "AIL", "AIP", NULL};

    return among(name, resources);
}

/* ---- by the book: each answer from the message alone ---- */

/* The PID whose patient block segment i is in; -1: message level. */
static int book_block(const struct message *m, int i)
{
    for (; i >= 0; i--) {
        if (is(m, i, "PID"))
            return i;
        if (m->scheduling && is(m, i, "RGS"))
            return -1;
    }
    return -1;
}

static bool book_starts(const struct message *m, const char *lead, int i)
{
    if (is_order(lead) && is(m, i, "ORC") && is(m, i + 1, lead))
        return true;
    return is(m, i, lead) && !(is_order(lead) && is(m, i - 1, "ORC"));
}

/* The segment that the group of segment i starts at; -1: it is in none. A group never reaches into another
 * patient's block, nor out of one. */
static int book_group(const struct message *m, const char *lead, int i)
{
    int block = book_block(m, i);

    for (; lead[0] && i >= 0; i--) {
        if (book_block(m, i) != block)
            return -1;
        if (book_starts(m, lead, i))
            return i;
        if (is(m, i, "PID") || (is_resource(lead) && is(m, i, "RGS")))
            return -1;
    }
    return -1;
}

/* A note on a resource that does not lead the groups; Z-segments between belong to the resource, too. */
static bool book_aside(const struct message *m, const char *lead, int i)
{
    if (!is(m, i, "NTE"))
        return false;
    while (i >= 0 && (is(m, i, "NTE") || m->names[i][0] == 'Z'))
        i--;
    return i >= 0 && is_resource(m->names[i]) && strcmp(m->names[i], lead) != 0;
}

struct instance { /* where its group and its PID are; -1: none */
    int group, block;
};

static int book_blocks(const struct message *m, int group, struct instance *out)
{
    int n = 0;

    for (int i = 0; i < m->n; i++)
        if (is(m, i, "PID"))
            out[n++] = (struct instance){group, i};
    if (n == 0)
        out[n++] = (struct instance){group, -1};
    return n;
}

static int book_instances(const struct message *m, const char *lead, struct instance *out)
{
    int n = 0;

    if (!lead[0])
        return book_blocks(m, -1, out);
    for (int i = 0; i < m->n; i++) {
        if (book_group(m, lead, i) != i)
            continue;
        if (book_block(m, i) >= 0)
            out[n++] = (struct instance){i, book_block(m, i)};
        else
            n += book_blocks(m, i, out + n);
    }
    return n;
}

/* Level 0: own group; 1: own patient block outside groups; 2: message level outside groups. */
static bool book_sees(const struct message *m, const char *lead, struct instance at, int level,
                      int i)
{
    int group = book_group(m, lead, i);

    if (book_aside(m, lead, i))
        return false;
    if (level == 0)
        return group >= 0 && group == at.group;
    if (level == 1)
        return group < 0 && at.block >= 0 && book_block(m, i) == at.block;
    return group < 0 && book_block(m, i) < 0;
}

/* The segments of that name which the instance reads, as bits. */
static unsigned book_reads(const struct message *m, const char *lead, struct instance at,
                           const char *name)
{
    unsigned found = 0;

    for (int level = 0; level < 3 && !found; level++)
        for (int i = 0; i < m->n; i++)
            if (is(m, i, name) && book_sees(m, lead, at, level, i))
                found |= 1U << i;
    return found;
}

/* ---- the real one ---- */

static unsigned real_reads(const struct hl7_message *m, const struct scope *s, const char *name)
{
    size_t looked_at = 0;
    const struct container *c = scope_holding(s, name, &looked_at);
    unsigned found = 0;

    for (size_t k = 0; c && k < c->n; k++)
        if (hl7_segment_is(c->list[k], name))
            found |= 1U << (c->list[k] - m->segments);
    return found;
}

static unsigned next(unsigned *seed, unsigned below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 16) % below;
}

static void make(unsigned *seed, struct message *m, struct buf *text)
{
    unsigned type = next(seed, sizeof types / sizeof *types);

    *m = (struct message){.names = {"MSH"}, .n = 1, .scheduling = type < 2};
    buf_printf(text, "MSH|^~\\&|||||||%s|1|P|2.5.1\r", types[type]);
    for (int n = 1 + (int)next(seed, SEGMENTS_MOST - 1); m->n < n; m->n++) {
        m->names[m->n] = pool[next(seed, NAMES)];
        buf_printf(text, "%s|%d\r", m->names[m->n], m->n);
    }
}

struct tally {
    int wrong, compared, found, in_groups, in_blocks;
};

static void compare(const struct message *book, const struct hl7_message *real, const char *lead,
                    struct arena *a, struct tally *t)
{
    struct instance at[INSTANCES_MOST];
    int n = book_instances(book, lead, at);
    struct scopes all;

    scopes_make(real, lead, INSTANCES_MOST, a, &all);
    if (all.over || (int)all.n != n) {
        t->wrong++;
        return;
    }
    for (int i = 0; i < n; i++)
        for (size_t k = 0; k < NAMES; k++) {
            unsigned want = book_reads(book, lead, at[i], pool[k]);

            t->wrong += want != real_reads(real, &all.items[i], pool[k]);
            t->compared++;
            t->found += want != 0;
            t->in_groups += want && at[i].group >= 0 && (want >> at[i].group) != 0;
            t->in_blocks += want && at[i].block >= 0;
        }
}

static void test_random(void)
{
    struct hl7_limits limits = hl7_limits_default();
    struct tally t = {0};
    unsigned seed = 41;
    int shown = 0;

    for (int i = 0; i < MESSAGES; i++) {
        struct buf text = buf_new(TEXT_MOST);
        struct arena a = {0};
        struct hl7_message real;
        struct message book;
        struct err e = {0};

        make(&seed, &book, &text);
        CHECK(hl7_message_index(buf_str(&text), NULL, &limits, &a, NULL, &real, &e), "%s", e.text);
        for (size_t k = 0; k < LEADS; k++) {
            int before = t.wrong;

            compare(&book, &real, leads[k], &a, &t);
            if (t.wrong != before && shown++ < 3)
                CHECK(false, "each `%s` of %s", leads[k], text.p);
        }
        arena_reset(&a);
        buf_reset(&text);
    }
    CHECK(t.wrong == 0, "%d of %d", t.wrong, t.compared);
    CHECK(t.found > 100000 && t.in_groups > 10000 && t.in_blocks > 10000, "%d, %d, %d", t.found,
          t.in_groups, t.in_blocks);
}

/* More instances than are allowed end in `over`, never in less without a word. */
static void test_most(void)
{
    struct hl7_limits limits = hl7_limits_default();
    struct buf text = buf_new(TEXT_MOST);
    struct arena a = {0};
    struct hl7_message m;
    struct scopes all;
    struct err e = {0};

    buf_printf(&text, "MSH|^~\\&|||||||SIU^S12|1|P|2.5.1\rPID|1\rPID|2\rPID|3\r"
                      "RGS|1\rAIS|1\rAIS|2\r");
    CHECK(hl7_message_index(buf_str(&text), NULL, &limits, &a, NULL, &m, &e), "%s", e.text);
    for (size_t most = 0; most <= 7; most++) {
        scopes_make(&m, "AIS", most, &a, &all);
        CHECK(all.n == (most < 6 ? most : 6) && all.over == (most < 6), "%zu: %zu", most, all.n);
    }
    arena_reset(&a);
    buf_reset(&text);
}

/* A note behind a resource and its Z-segment is the resource's, never the appointment's. */
static void test_note_behind_z(void)
{
    struct hl7_limits limits = hl7_limits_default();
    struct arena a = {0};
    struct hl7_message m;
    struct scopes all;
    struct err e = {0};

    CHECK(hl7_message_index(STR("MSH|^~\\&|||||||SIU^S12|1|P|2.5.1\rSCH|1\rPID|1\rRGS|1\r"
                                "AIS|1\rZAI|1\rNTE|1\r"),
                            NULL, &limits, &a, NULL, &m, &e),
          "%s", e.text);
    scopes_make(&m, "", 10, &a, &all);
    CHECK(all.n == 1 && real_reads(&m, &all.items[0], "NTE") == 0, "no note on the appointment");
    CHECK(real_reads(&m, &all.items[0], "ZAI") == 1U << 5, "the Z-segment is seen");
    scopes_make(&m, "AIS", 10, &a, &all);
    CHECK(all.n == 1 && real_reads(&m, &all.items[0], "NTE") == 1U << 6, "with its resource");
    arena_reset(&a);
}

int main(void)
{
    test_random();
    test_most();
    test_note_behind_z();
    return check_end();
}
