#include "xml_message.h"

#include "xml_value.h"

enum { NUMBER_MOST = 999, CHARSET_FIELD = 18 };

static const char *const too_large = "the message is too large";

void xml_message_init(struct xml_message *m, const struct hl7_xml_limits *limits)
{
    *m = (struct xml_message){.limits = *limits,
                              .out = buf_new(limits->text),
                              .value = buf_new(limits->text),
                              .sep = hl7_separators_default()};
}

void xml_message_end(struct xml_message *m)
{
    buf_reset(&m->out);
    buf_reset(&m->value);
}

bool xml_message_over(const struct xml_message *m)
{
    size_t most = m->limits.depth < XML_DEPTH_MOST ? m->limits.depth : XML_DEPTH_MOST;

    return m->out.over || m->value.over || m->depth > most;
}

static bool is_segment_name(struct str s)
{
    if (s.n != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && !(i > 0 && s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    }
    return true;
}

/* The 5 of "XPN.5" in *n, and "XPN"; absent when it is no such name. */
static struct str numbered(struct str name, size_t *n)
{
    struct str rest = name, head = str_cut(&rest, '.');

    *n = 0;
    if (head.n == 0 || rest.n == 0 || rest.n > 3)
        return (struct str){NULL, 0};
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] < '0' || rest.p[i] > '9')
            return (struct str){NULL, 0};
        *n = *n * 10 + (size_t)(rest.p[i] - '0');
    }
    return *n >= 1 && *n <= NUMBER_MOST ? head : (struct str){NULL, 0};
}

static void add_times(struct buf *b, char c, size_t n)
{
    for (size_t i = 0; i < n && !b->over; i++)
        buf_add_char(b, c);
}

/* "MSH|^~\&", once the separators are known, or others were not given in time. */
static const char *write_head(struct xml_message *m)
{
    const struct hl7_separators *s = &m->sep;
    const char text[] = {'M',
                         'S',
                         'H',
                         s->field,
                         s->component,
                         s->repetition,
                         s->escape,
                         s->subcomponent,
                         s->truncation ? s->truncation : s->field};
    struct str head = {text, s->truncation ? 9 : 8};
    struct hl7_separators again;
    struct err e;

    if (m->head)
        return NULL;
    if (!hl7_separators_read(head, &again, &e) || memcmp(&again, s, sizeof again) != 0)
        return "MSH.1 and MSH.2 are no separators";
    m->head = true;
    m->field = 2;
    buf_add(&m->out, head);
    return NULL;
}

/* The text is UTF-8 now, whatever the document says it was once. */
static void write_charset(struct xml_message *m)
{
    if (m->charset)
        return;
    m->charset = true;
    add_times(&m->out, m->sep.field, CHARSET_FIELD - m->field);
    m->field = CHARSET_FIELD;
    buf_add(&m->out, STR("UNICODE UTF-8"));
}

static bool in_msh(const struct xml_message *m)
{
    return strcmp(m->segment, "MSH") == 0;
}

static const char *open_segment(struct xml_message *m, struct str name)
{
    bool msh = str_eq(name, STR("MSH"));

    if (!is_segment_name(name))
        return "neither a segment nor a group";
    if (msh != (m->n_segments == 0))
        return msh ? "a second MSH" : "MSH is not the first segment";
    memcpy(m->segment, name.p, 3);
    m->n_segments++;
    m->field = 0;
    if (!msh)
        buf_add(&m->out, name);
    return NULL;
}

static const char *open_msh_field(struct xml_message *m, size_t n)
{
    const char *wrong;

    if (n < m->field || (n == m->field && n <= 2))
        return "fields out of order";
    wrong = n > 2 ? write_head(m) : NULL;
    if (wrong)
        return wrong;
    if (n >= CHARSET_FIELD)
        write_charset(m);
    if (n == CHARSET_FIELD)
        m->muted = m->depth;
    return NULL;
}

static const char *open_field(struct xml_message *m, struct str name)
{
    size_t n;
    struct str segment = numbered(name, &n);
    const char *wrong = NULL;

    if (!segment.p || !str_eq(segment, str_of(m->segment)))
        return "no field of this segment";
    if (in_msh(m))
        wrong = open_msh_field(m, n);
    else if (n < m->field)
        wrong = "fields out of order";
    if (wrong || m->muted)
        return wrong;
    if (n == m->field)
        buf_add_char(&m->out, m->sep.repetition);
    else if (!in_msh(m) || n > 2)
        add_times(&m->out, m->sep.field, n - m->field);
    m->field = n;
    m->component = m->subcomponent = 0;
    return NULL;
}

/* A component or subcomponent: the last one begun was *last. */
static const char *open_part(struct xml_message *m, struct str name, size_t *last, char separator)
{
    size_t n;

    if (!numbered(name, &n).p)
        return "no component";
    if (in_msh(m) && m->field <= 2)
        return "MSH.1 and MSH.2 have no components";
    if (n <= *last)
        return "components out of order";
    add_times(&m->out, separator, n - (*last ? *last : 1));
    *last = n;
    return NULL;
}

static const char *open_below(struct xml_message *m, struct str name)
{
    size_t n;

    if (!numbered(name, &n).p)
        return "no component";
    if (n != 1)
        m->muted = m->depth;
    return NULL;
}

/* V: a command of section 6, "H", ".sp2", "X0D". */
static const char *open_escape(struct xml_message *m, struct str v)
{
    static const char marks[] = {XML_ESCAPE_START, XML_ESCAPE_END};

    if (v.n == 0)
        return "an escape without V";
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
            !(c == '.' || c == '+' || c == '-' || c == ' '))
            return "an escape that is no command";
    }
    buf_add_char(&m->value, marks[0]);
    buf_add(&m->value, v);
    buf_add_char(&m->value, marks[1]);
    return NULL;
}

static const char *open_within(struct xml_message *m, enum xml_level parent, struct str name)
{
    size_t n;

    switch (parent) {
    case XML_OUTSIDE:
        return NULL;
    case XML_GROUP:
        if (numbered(name, &n).p)
            return "a field outside its segment";
        return m->levels[m->depth] == XML_GROUP ? NULL : open_segment(m, name);
    case XML_SEGMENT:
        return open_field(m, name);
    case XML_FIELD:
        m->subcomponent = 0;
        return open_part(m, name, &m->component, m->sep.component);
    case XML_COMPONENT:
        return open_part(m, name, &m->subcomponent, m->sep.subcomponent);
    case XML_SUBCOMPONENT:
    case XML_BELOW:
        return open_below(m, name);
    case XML_ESCAPE:
        break;
    }
    return "an escape holds nothing";
}

static enum xml_level level_within(enum xml_level parent, struct str name)
{
    switch (parent) {
    case XML_OUTSIDE:
        return XML_GROUP;
    case XML_GROUP:
        return memchr(name.p, '.', name.n) ? XML_GROUP : XML_SEGMENT;
    case XML_BELOW:
    case XML_ESCAPE:
        return XML_BELOW;
    case XML_SEGMENT:
    case XML_FIELD:
    case XML_COMPONENT:
    case XML_SUBCOMPONENT:
        break;
    }
    return parent + 1;
}

const char *xml_message_open(struct xml_message *m, struct str name, struct str escape)
{
    enum xml_level parent = m->levels[m->depth];
    bool is_escape = parent >= XML_FIELD && str_eq(name, STR("escape"));
    const char *wrong;

    m->depth++;
    if (xml_message_over(m))
        return "elements too deep";
    m->levels[m->depth] = is_escape ? XML_ESCAPE : level_within(parent, name);
    m->has_child[m->depth] = false;
    if (m->muted)
        return NULL;
    if (is_escape && parent == XML_ESCAPE)
        return "an escape holds nothing";
    if (is_escape) {
        wrong = m->has_child[m->depth - 1] ? "text beside components" : open_escape(m, escape);
    } else if (!xml_value_is_blank(buf_str(&m->value))) {
        wrong = "text beside components";
    } else {
        m->value.n = 0;
        m->has_child[m->depth - 1] = true;
        wrong = open_within(m, parent, name);
    }
    return xml_message_over(m) ? too_large : wrong;
}

const char *xml_message_text(struct xml_message *m, struct str text)
{
    enum xml_level level = m->levels[m->depth];

    if (m->muted)
        return NULL;
    if (level < XML_FIELD || level == XML_ESCAPE || m->has_child[m->depth])
        return xml_value_is_blank(text) ? NULL : "text where none belongs";
    return buf_add(&m->value, text) ? NULL : too_large;
}

static const char *set_separators(struct xml_message *m, struct str value)
{
    struct hl7_separators *s = &m->sep;
    char *const places[] = {&s->component, &s->repetition, &s->escape, &s->subcomponent,
                            &s->truncation};

    if (m->field == 1) {
        if (value.n != 1)
            return "MSH.1 is no separator";
        s->field = value.p[0];
        return NULL;
    }
    if (value.n < 4 || value.n > 5)
        return "MSH.2 is not four or five separators";
    for (size_t i = 0; i < value.n; i++)
        *places[i] = value.p[i];
    return NULL;
}

static const char *close_segment(struct xml_message *m)
{
    const char *wrong = in_msh(m) ? write_head(m) : NULL;

    if (wrong)
        return wrong;
    if (in_msh(m))
        write_charset(m);
    m->segment[0] = '\0';
    buf_add_char(&m->out, '\r');
    return NULL;
}

static const char *close_value(struct xml_message *m)
{
    struct str value = xml_value_trim(buf_str(&m->value));
    const char *wrong = NULL;

    if (in_msh(m) && m->field <= 2)
        wrong = set_separators(m, value);
    else
        xml_value_write(&m->out, value, &m->sep);
    m->value.n = 0;
    return wrong;
}

const char *xml_message_close(struct xml_message *m)
{
    enum xml_level level = m->levels[m->depth];
    bool leaf = !m->has_child[m->depth], muted = m->muted;
    const char *wrong = NULL;

    if (m->muted == m->depth)
        m->muted = 0;
    m->depth--;
    if (muted || level == XML_ESCAPE)
        return NULL;
    if (level == XML_SEGMENT)
        wrong = close_segment(m);
    else if (level >= XML_FIELD && leaf)
        wrong = close_value(m);
    else
        m->value.n = 0;
    return xml_message_over(m) ? too_large : wrong;
}
