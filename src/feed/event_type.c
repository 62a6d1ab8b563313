#include "event_type.h"

#include "feed/moment.h"

enum { HOUR = 3600000, DAY = 24 * HOUR };

#define KEY(slot)                                                                                  \
    {                                                                                              \
        slot, SLOT_KEY, true, false, NULL, NULL                                                    \
    }
#define SHARED                                                                                     \
    {"patient_key", SLOT_KEY, true, true, NULL, NULL},                                             \
        {"phone", SLOT_PHONE, true, true, NULL, NULL},                                             \
        {"language", SLOT_TAG, true, true, NULL, NULL},                                            \
    {                                                                                              \
        "site", SLOT_SITE, true, true, NULL, NULL                                                  \
    }

static const struct event_type types[] = {
    {.name = "appointment/1",
     .unit = "visit_key",
     .stale_at_start = true,
     .slots = {SHARED,
               KEY("visit_key"),
               {"status", SLOT_CODE, true, false,
                "booked, moved, changed, cancelled, missed, attended, waitlisted, withdrawn", NULL},
               {"start", SLOT_INSTANT, true, true, NULL, NULL}},
     .n_slots = 7},
    {.name = "result_ready/1",
     .unit = "result_key",
     .sensitive = true,
     .stale_ms = 7 * (int64_t)DAY,
     .slots = {SHARED,
               KEY("result_key"),
               {"state", SLOT_CODE, false, false, "ready, updated, withdrawn", "ready"}},
     .n_slots = 6},
    {.name = "document_ready/1",
     .unit = "document_key",
     .sensitive = true,
     .stale_ms = 7 * (int64_t)DAY,
     .slots = {SHARED,
               KEY("document_key"),
               {"state", SLOT_CODE, false, false, "ready, updated, withdrawn", "ready"}},
     .n_slots = 6},
    {.name = "prescription_ready/1",
     .unit = "prescription_key",
     .stale_ms = 3 * (int64_t)DAY,
     .slots = {SHARED,
               KEY("prescription_key"),
               {"state", SLOT_CODE, false, false, "ready, partly, collected, withdrawn", "ready"},
               {"collect_by", SLOT_DATE, false, false, NULL, NULL}},
     .n_slots = 7},
    {.name = "billing_update/1",
     .unit = "bill_key",
     .stale_ms = 7 * (int64_t)DAY,
     .slots = {SHARED,
               KEY("bill_key"),
               {"state", SLOT_CODE, true, false, "issued, due, paid, corrected, withdrawn", NULL},
               {"due", SLOT_DATE, false, false, NULL, NULL}},
     .n_slots = 7},
    {.name = "queue_called/1",
     .unit = "ticket_key",
     .stale_ms = 10 * 60000,
     .slots = {SHARED,
               KEY("ticket_key"),
               {"state", SLOT_CODE, true, false, "waiting, called, skipped, closed", NULL},
               {"ticket", SLOT_TICKET, false, false, NULL, NULL},
               {"ahead", SLOT_COUNT, false, false, NULL, NULL}},
     .n_slots = 8},
    {.name = "visit_finished/1",
     .unit = "encounter_key",
     .stale_ms = DAY,
     .slots = {SHARED,
               KEY("encounter_key"),
               {"state", SLOT_CODE, false, false, "finished, undone", "finished"},
               {"finished_at", SLOT_INSTANT, false, false, NULL, NULL}},
     .n_slots = 7},
    {.name = "recall_due/1",
     .unit = "recall_key",
     .stale_ms = 30 * (int64_t)DAY,
     .slots = {SHARED,
               KEY("recall_key"),
               {"state", SLOT_CODE, true, false, "due, overdue, done, withdrawn", NULL},
               {"due", SLOT_DATE, false, false, NULL, NULL}},
     .n_slots = 7},
    {.name = "patient/1",
     .unit = "patient_key",
     .slots = {KEY("patient_key"),
               {"change", SLOT_CODE, true, false, "update, merge", NULL},
               {"previous_key", SLOT_KEY, false, false, NULL, NULL},
               {"phone", SLOT_PHONE, false, true, NULL, NULL},
               {"language", SLOT_TAG, false, true, NULL, NULL},
               {"blocked", SLOT_FLAG, false, false, NULL, NULL}},
     .n_slots = 6},
};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

const struct event_type *event_type_at(size_t i)
{
    return i < TYPES ? &types[i] : NULL;
}

const struct event_type *event_type_find(struct str name)
{
    for (size_t i = 0; i < TYPES; i++)
        if (str_eq(name, str_of(types[i].name)))
            return &types[i];
    return NULL;
}

const struct slot_type *event_type_slot(const struct event_type *t, struct str name)
{
    for (size_t i = 0; i < t->n_slots; i++)
        if (str_eq(name, str_of(t->slots[i].name)))
            return &t->slots[i];
    return NULL;
}

const struct slot_type *event_type_time(const struct event_type *t)
{
    static const char *const names[] = {"start", "due", "collect_by"};
    const struct slot_type *slot = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !slot; i++)
        slot = event_type_slot(t, str_of(names[i]));
    return slot;
}

static const struct {
    const char *name;
    enum sensitivity ceiling;
} kinds[] = {
    [SLOT_KEY] = {"key", CLASS_IDENTIFIER},    [SLOT_PHONE] = {"phone", CLASS_CONTACT},
    [SLOT_TAG] = {"tag", CLASS_PREFERENCE},    [SLOT_SITE] = {"site", CLASS_DIRECTORY},
    [SLOT_CODE] = {"code", CLASS_LOGISTICS},   [SLOT_INSTANT] = {"instant", CLASS_LOGISTICS},
    [SLOT_DATE] = {"date", CLASS_LOGISTICS},   [SLOT_TICKET] = {"ticket", CLASS_LOGISTICS},
    [SLOT_COUNT] = {"count", CLASS_LOGISTICS}, [SLOT_FLAG] = {"flag", CLASS_CLINICAL},
};

const char *slot_kind_name(enum slot_kind k)
{
    return kinds[k].name;
}

enum sensitivity slot_ceiling(enum slot_kind k)
{
    return kinds[k].ceiling;
}

bool slot_code(const struct slot_type *s, struct str word)
{
    struct str rest = str_of(s->codes);

    while (rest.p)
        if (str_eq(str_trim(str_cut(&rest, ',')), word))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits(struct str s)
{
    size_t n = 0;

    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n;
}

static bool is_ticket(struct str s)
{
    size_t letters = 0;

    while (letters < s.n && s.p[letters] >= 'A' && s.p[letters] <= 'Z')
        letters++;
    s = (struct str){s.p + letters, s.n - letters};
    return letters <= 2 && s.n >= 1 && s.n <= 5 && digits(s) == s.n;
}

/* BCP 47 as far as it goes without a register: subtags of 1 to 8 letters and digits, the first of 2 to
 * 8 letters. */
static bool is_tag(struct str s)
{
    bool first = true;

    if (s.n == 0 || s.n > 35)
        return false;
    while (s.p) {
        struct str part = str_cut(&s, '-');

        if (part.n < (first ? 2u : 1u) || part.n > 8)
            return false;
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i] | 0x20;
            if (!(c >= 'a' && c <= 'z') && (first || !is_digit(part.p[i])))
                return false;
        }
        first = false;
    }
    return true;
}

bool slot_form(enum slot_kind k, struct str text)
{
    struct moment m;

    switch (k) {
    case SLOT_TICKET:
        return is_ticket(text);
    case SLOT_COUNT:
        return text.n >= 1 && text.n <= 3 && digits(text) == text.n;
    case SLOT_TAG:
        return is_tag(text);
    case SLOT_DATE:
        return text.n == 10 && moment_read(text, &m) && m.precision == MOMENT_DAY;
    case SLOT_KEY:
    case SLOT_PHONE:
    case SLOT_SITE:
    case SLOT_CODE:
    case SLOT_INSTANT:
    case SLOT_FLAG:
        return true;
    }
    return true;
}
