#include "hl7/ack.h"

/* MSH-15 and MSH-16: table 0155. */
enum when { EMPTY, ALWAYS, NEVER, ON_ERROR, ON_SUCCESS };

/* FOREIGN: refused for good, yet no fault of the header, which is all that CR may say. */
enum answer { ACCEPT, ERROR, REJECT, FOREIGN };

static const enum answer answers[HL7_CONDITIONS] = {
    [HL7_COMMITTED] = ACCEPT,      [HL7_BAD_TYPE] = REJECT,      [HL7_BAD_EVENT] = REJECT,
    [HL7_BAD_PROCESSING] = REJECT, [HL7_BAD_VERSION] = REJECT,   [HL7_NO_ID] = ERROR,
    [HL7_ID_BYTES] = ERROR,        [HL7_LONG_FIELD] = ERROR,     [HL7_BAD_FRAME] = ERROR,
    [HL7_BAD_SYNTAX] = ERROR,      [HL7_BAD_CHARSET] = ERROR,    [HL7_OVER_LIMIT] = ERROR,
    [HL7_IN_BATCH] = ERROR,        [HL7_BUSY] = ERROR,           [HL7_NOT_BOUND] = FOREIGN,
    [HL7_MISSING_FIELD] = ERROR,   [HL7_SEQUENCE] = ERROR,       [HL7_WRONG_COUNT] = ERROR,
    [HL7_NOT_MAPPED] = ERROR,      [HL7_FEED_REFUSED] = FOREIGN,
};

static const enum hl7_ack_code original[] = {
    [ACCEPT] = HL7_AA, [ERROR] = HL7_AE, [REJECT] = HL7_AR, [FOREIGN] = HL7_AR};
static const enum hl7_ack_code enhanced[] = {
    [ACCEPT] = HL7_CA, [ERROR] = HL7_CE, [REJECT] = HL7_CR, [FOREIGN] = HL7_CE};

const char *hl7_ack_code_name(enum hl7_ack_code c)
{
    static const char *const names[HL7_ACK_CODES] = {
        [HL7_SILENT] = "none", [HL7_AA] = "AA", [HL7_AE] = "AE", [HL7_AR] = "AR",
        [HL7_CA] = "CA",       [HL7_CE] = "CE", [HL7_CR] = "CR"};

    return names[c];
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Message types and events are three letters or digits; which of them a feed reads is its own affair. */
static bool is_code(struct str s)
{
    return s.n == 3 && is_alnum(s.p[0]) && is_alnum(s.p[1]) && is_alnum(s.p[2]);
}

static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7F)
            return true;
    }
    return false;
}

static bool has_long_field(const struct hl7_header *h)
{
    static const int echoed[] = {3, 4, 5, 6, 9, 10, 11, 12, 18};

    for (size_t i = 0; i < sizeof echoed / sizeof echoed[0]; i++) {
        if (h->fields[echoed[i]].n > HL7_ECHO_MOST)
            return true;
    }
    return false;
}

enum hl7_condition hl7_header_check(const struct hl7_header *h)
{
    if (h->batch)
        return HL7_IN_BATCH;
    if (str_trim(h->control_id).n == 0)
        return HL7_NO_ID;
    if (has_control(h->control_id))
        return HL7_ID_BYTES;
    if (has_long_field(h))
        return HL7_LONG_FIELD;
    if (!is_code(h->code))
        return HL7_BAD_TYPE;
    if (h->trigger.n && !is_code(h->trigger))
        return HL7_BAD_EVENT;
    if (h->processing != 'P' && h->processing != 'D' && h->processing != 'T')
        return HL7_BAD_PROCESSING;
    return h->version == HL7_VERSION_NONE ? HL7_BAD_VERSION : HL7_COMMITTED;
}

/* First repetition, first component, outer blanks trimmed, case-sensitive. */
static enum when read_when(const struct hl7_header *h, int field, struct hl7_notes *notes)
{
    struct str s = h->fields[field];

    if (!s.p)
        return EMPTY;
    if (h->sep.repetition)
        s = str_cut(&s, h->sep.repetition);
    if (h->sep.component)
        s = str_cut(&s, h->sep.component);
    s = str_trim(s);
    if (s.n == 0)
        return EMPTY;
    if (str_eq(s, STR("AL")))
        return ALWAYS;
    if (str_eq(s, STR("NE")))
        return NEVER;
    if (str_eq(s, STR("ER")))
        return ON_ERROR;
    if (str_eq(s, STR("SU")))
        return ON_SUCCESS;
    hl7_note(notes, HL7_ACKMODE_UNKNOWN, 0);
    return EMPTY;
}

/* What acknowledges is not acknowledged, else both ends answer each other for ever; one that asks by
 * MSH-15 is an application acknowledgement on a connection of its own (3.3). */
static bool is_acknowledgement(const struct hl7_header *h)
{
    return str_eq(h->code, STR("ACK"));
}

static enum hl7_ack_code filter(enum when w, enum answer a, enum hl7_ack_code code)
{
    switch (w) {
    case EMPTY:
    case ALWAYS:
        return code;
    case NEVER:
        return HL7_SILENT;
    case ON_ERROR:
        return a == ACCEPT ? HL7_SILENT : code;
    case ON_SUCCESS:
        return a == ACCEPT ? code : HL7_SILENT;
    }
    return code;
}

enum hl7_ack_code hl7_ack_code(const struct hl7_header *h, enum hl7_condition c,
                               enum hl7_ack_mode mode, enum hl7_app_ack app,
                               struct hl7_notes *notes)
{
    enum answer a = answers[c];
    enum when accept, application;

    if (!h || h->batch)
        return original[a];
    accept = read_when(h, 15, notes);
    application = read_when(h, 16, notes);
    if ((accept == EMPTY) != (application == EMPTY))
        hl7_note(notes, HL7_ACKMODE_HALF, 0);
    if (is_acknowledgement(h) && (accept == EMPTY || mode == HL7_MODE_ORIGINAL))
        return HL7_SILENT;
    if (mode == HL7_MODE_ORIGINAL)
        return original[a];
    if (mode == HL7_MODE_ENHANCED)
        return filter(accept, a, enhanced[a]);
    if (accept == EMPTY)
        return filter(application, a, original[a]);
    if (accept != NEVER)
        return filter(accept, a, enhanced[a]);
    /* No accept acknowledgement; on the same socket the application's follows the commit. */
    return application != EMPTY && app == HL7_APP_SAME_SOCKET ? filter(application, a, original[a])
                                                              : HL7_SILENT;
}

enum hl7_ack_code hl7_application_code(const struct hl7_header *h, enum hl7_ack_code outcome,
                                       enum hl7_ack_mode mode, enum hl7_app_ack app)
{
    enum when accept, application;

    if (!h || h->batch || app == HL7_APP_OFF || mode == HL7_MODE_ORIGINAL || is_acknowledgement(h))
        return HL7_SILENT;
    accept = read_when(h, 15, NULL);
    application = read_when(h, 16, NULL);
    if (application == EMPTY || (accept == EMPTY && mode == HL7_MODE_AUTO))
        return HL7_SILENT;
    /* The one reply on the same socket followed the commit. */
    if (accept == NEVER && mode == HL7_MODE_AUTO && app == HL7_APP_SAME_SOCKET)
        return HL7_SILENT;
    return filter(application, outcome == HL7_AA ? ACCEPT : ERROR, outcome);
}

enum hl7_condition hl7_application_condition(enum hl7_ack_code code)
{
    return code == HL7_AA ? HL7_COMMITTED : code == HL7_AR ? HL7_FEED_REFUSED : HL7_NOT_MAPPED;
}
