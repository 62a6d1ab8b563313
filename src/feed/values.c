#include "loading.h"
#include "suggest.h"

enum { REASON_MOST = 60 };

static bool good_reason(struct str s)
{
    if (s.n == 0 || shape_length(s) > REASON_MOST)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (strchr("()[]{}<>", s.p[i]) || (unsigned char)s.p[i] < ' ')
            return false;
    return true;
}

/* Reasons become metric labels: at most 64 different ones. */
static void count_reason(struct loading *l, struct str reason, const struct yaml_node *at)
{
    if (!l->reasons)
        l->reasons = NEW_ARRAY(l->a, struct str, FEED_MAX_REASONS);
    for (size_t i = 0; i < l->n_reasons; i++)
        if (str_eq(l->reasons[i], reason))
            return;
    if (l->n_reasons == FEED_MAX_REASONS)
        report_at(l->r, "E105", at, NULL, "more than %d different reasons", FEED_MAX_REASONS);
    else
        l->reasons[l->n_reasons++] = reason;
}

/* "drop(reason)": the text behind `word` and inside the brackets. */
static bool takes_reason(struct str text, const char *word, struct str *reason)
{
    struct str head = str_of(word);

    if (!str_starts(text, head) || text.n < head.n + 2 || text.p[head.n] != '(' ||
        text.p[text.n - 1] != ')')
        return false;
    *reason = str_trim((struct str){text.p + head.n + 1, text.n - head.n - 2});
    return true;
}

void otherwise_load(struct loading *l, const struct yaml_node *n, struct otherwise *out)
{
    static const struct {
        const char *word;
        enum otherwise_kind kind;
    } stops[] = {{"drop", ELSE_DROP}, {"hold", ELSE_HOLD}, {"reject", ELSE_REJECT}};

    *out = (struct otherwise){.node = n};
    if (!shape_text(l, n, "else"))
        return;
    out->text = n->text;
    for (size_t i = 0; i < 3; i++) {
        if (!takes_reason(n->text, stops[i].word, &out->text))
            continue;
        out->kind = stops[i].kind;
        if (good_reason(out->text))
            count_reason(l, out->text, n);
        else
            report_at(l->r, "E105", n, "1 to 60 characters, no brackets, no line break",
                      "this is no reason");
        return;
    }
    if (str_starts(n->text, STR("site."))) {
        out->kind = ELSE_SITE_FACT;
        out->text = (struct str){n->text.p + 5, n->text.n - 5};
        if (!str_eq(out->text, STR("zone")) && !str_eq(out->text, STR("country")) &&
            !str_eq(out->text, STR("language")))
            out->faulty = true;
        if (out->faulty)
            report_at(l->r, "E404", n, "site.zone, site.country or site.language",
                      "no site fact `" STR_FMT "`", STR_ARG(n->text));
        return;
    }
    out->kind = str_eq(n->text, STR("none")) ? ELSE_NONE : ELSE_LITERAL;
}

static void load_agree(struct loading *l, const struct yaml_node *n, struct value *out)
{
    if (!n)
        return;
    if (n->kind == YAML_SCALAR && str_eq(n->text, STR("warn"))) {
        out->agree = (struct otherwise){.kind = ELSE_NONE, .node = n};
        return;
    }
    otherwise_load(l, n, &out->agree);
    if (out->agree.kind != ELSE_MISSING && out->agree.kind != ELSE_HOLD &&
        out->agree.kind != ELSE_REJECT)
        report_at(l->r, "E106", n, NULL, "`agree` is warn, hold(reason) or reject(reason)");
}

static void unknown_converter(struct loading *l, const struct yaml_node *n)
{
    struct suggest s = suggest_for(n->text);

    for (size_t i = 0; convert_name(i); i++)
        suggest_offer(&s, str_of(convert_name(i)));
    report_at(l->r, "E302", n, suggest_hint(&s, l->a), "no converter called `" STR_FMT "`",
              STR_ARG(n->text));
}

static void load_converters(struct loading *l, struct yaml_node *n, struct value *out)
{
    size_t count = 0;
    struct yaml_node **items = shape_texts(l, n, "as", &count);

    out->as_node = n;
    out->as = NEW_ARRAY(l->a, struct converter, count + 1);
    for (size_t i = 0; i < count; i++) {
        struct converter *c = &out->as[out->n_as];

        switch (convert_named(items[i]->text, c)) {
        case CONVERT_NAMED:
            out->n_as++;
            break;
        case CONVERT_NO_SUCH_NAME:
            unknown_converter(l, items[i]);
            out->faulty = true;
            return;
        case CONVERT_BAD_SLICE:
            report_at(l->r, "E105", items[i], NULL, "write slice(first,last), counted from 1");
            out->faulty = true;
            return;
        }
        if (i + 1 < count && convert_yields(c->kind) != CONVERT_TYPE_TEXT) {
            report_at(l->r, "E304", items[i + 1], NULL,
                      "`" STR_FMT "` takes text, and what comes before it gives something else",
                      STR_ARG(items[i + 1]->text));
            out->faulty = true;
            return;
        }
    }
}

static void load_tables(struct loading *l, const struct yaml_node *map, struct value *out)
{
    bool in_branch = out->branch[SIDE_HL7].table_node || out->branch[SIDE_FHIR].table_node;
    bool text = true;

    out->table_node = yaml_get(map, "table");
    out->table = out->table_node ? loading_table(l, out->table_node) : NULL;
    if (out->table_node && in_branch)
        report_at(l->r, "E103", out->table_node, "keep one of the two",
                  "a table here and a table in a branch");
    for (size_t i = 0; i < out->n_as; i++)
        text = text && convert_yields(out->as[i].kind) == CONVERT_TYPE_TEXT;
    if ((out->table_node || in_branch) && !text)
        report_at(l->r, "E304", out->as_node, NULL, "a table takes text");
}

/* W904: one fact from several segments, and nothing says what happens when they differ. */
static void check_agreement(struct loading *l, const struct value *v)
{
    const struct branch *b = &v->branch[SIDE_HL7];
    bool instant = v->n_as && v->as[v->n_as - 1].kind == CONVERT_INSTANT;

    if (!instant || v->agree.kind != ELSE_MISSING)
        return;
    for (size_t i = 1; i < b->n_sources; i++) {
        if (!b->sources[i].good || !b->sources[0].good ||
            strcmp(b->sources[i].path.segment, b->sources[0].path.segment) == 0)
            continue;
        report_at(l->r, "W904", b->node, "add `agree: warn`",
                  "an instant from several segments without `agree`");
        return;
    }
}

static enum sensitivity static_class(const struct value *v)
{
    return class_join(v->branch[SIDE_HL7].class, v->branch[SIDE_FHIR].class);
}

/* What can go wrong in the value, for E401. */
static const char *how_it_fails(const struct value *v)
{
    if (v->table_node || v->branch[SIDE_HL7].table_node || v->branch[SIDE_FHIR].table_node)
        return "missing field, unlisted code";
    if (!v->n_as)
        return "missing field";
    switch (convert_yields(v->as[v->n_as - 1].kind)) {
    case CONVERT_TYPE_INSTANT:
        return "missing field, unparsable instant";
    case CONVERT_TYPE_DATE:
        return "missing field, unparsable date";
    case CONVERT_TYPE_PHONE:
        return "missing field, unusable phone number";
    case CONVERT_TYPE_TAG:
        return "missing field, unknown language";
    case CONVERT_TYPE_KEY:
    case CONVERT_TYPE_TEXT:
        return "missing field";
    }
    return "missing field";
}

static void load_flag(struct loading *l, const struct yaml_node *map, struct value *out)
{

    shape_keys(l, map, BLOCK_FLAG);
    if (yaml_get(map, "hl7"))
        condition_load(l, yaml_get(map, "hl7"), SIDE_HL7, &out->branch[SIDE_HL7]);
    if (yaml_get(map, "fhir"))
        condition_load(l, yaml_get(map, "fhir"), SIDE_FHIR, &out->branch[SIDE_FHIR]);
    out->class = static_class(out);
}

static bool starts_values(struct str s)
{
    return str_starts(s, STR("values."));
}

void value_load(struct loading *l, const struct yaml_pair *pair, bool flag, struct value *out)
{
    struct yaml_node *map = pair->value;

    *out = (struct value){.node = map, .key_node = pair->key};
    if (map->kind == YAML_SCALAR && starts_values(map->text))
        return; /* resolved when all are known */
    if (!shape_map(l, map, "a value")) {
        out->faulty = true;
        return;
    }
    if (flag) {
        load_flag(l, map, out);
        return;
    }
    shape_keys(l, map, BLOCK_VALUE);
    branch_load(l, yaml_get(map, "hl7"), SIDE_HL7, &out->branch[SIDE_HL7]);
    branch_load(l, yaml_get(map, "fhir"), SIDE_FHIR, &out->branch[SIDE_FHIR]);
    if (yaml_get(map, "as"))
        load_converters(l, yaml_get(map, "as"), out);
    load_tables(l, map, out);
    load_agree(l, yaml_get(map, "agree"), out);
    if (yaml_get(map, "else"))
        otherwise_load(l, yaml_get(map, "else"), &out->otherwise);
    else
        report_at(l->r, "E401", map,
                  "add `else:` with a literal, site.<fact>, drop(), hold() or reject()",
                  "this can fail (%s) and nothing says what to do then", how_it_fails(out));
    if (!yaml_get(map, "hl7") && !yaml_get(map, "fhir"))
        report_at(l->r, "E103", map, NULL, "a value needs `hl7` or `fhir`");
    check_agreement(l, out);
    out->class = static_class(out);
}

static void use_value(struct loading *l, struct str name)
{
    for (size_t i = 0; i < l->n_used_values; i++)
        if (str_eq(l->used_values[i], name))
            return;
    if (l->n_used_values == l->used_room) {
        size_t room = l->used_room ? 2 * l->used_room : 64;
        struct str *more = NEW_ARRAY(l->a, struct str, room);

        if (l->n_used_values)
            memcpy(more, l->used_values, l->n_used_values * sizeof(*more));
        l->used_values = more;
        l->used_room = room;
    }
    l->used_values[l->n_used_values++] = name;
}

static struct value *find_value(struct map *m, struct str name)
{
    for (size_t i = 0; i < m->n_values; i++)
        if (str_eq(m->values[i].name, name))
            return &m->values[i];
    return NULL;
}

const struct value *value_named(struct loading *l, struct str name, const struct yaml_node *at)
{
    struct value *v = find_value(l->map, name);
    struct suggest s = suggest_for(name);

    if (v) {
        use_value(l, name);
        return v->same_as ? v->same_as : v;
    }
    for (size_t i = 0; i < l->map->n_values; i++)
        suggest_offer(&s, l->map->values[i].name);
    if (s.best.p)
        use_value(l, s.best);
    report_at(l->r, "E110", at, suggest_hint(&s, l->a), "no value called `" STR_FMT "`",
              STR_ARG(name));
    return NULL;
}

/* Follows `values.OTHER` to the value that says something; NULL after E110 or E111. */
static const struct value *follow(struct loading *l, struct value *v)
{
    struct value *at = v;

    for (size_t steps = 0; at->node->kind == YAML_SCALAR && starts_values(at->node->text);
         steps++) {
        struct str name = {at->node->text.p + 7, at->node->text.n - 7};
        struct value *next = find_value(l->map, name);

        if (steps > l->map->n_values) {
            report_at(l->r, "E111", v->node, NULL, "these values lead in a circle");
            return NULL;
        }
        if (!next) {
            value_named(l, name, at->node);
            return NULL;
        }
        use_value(l, name);
        at = next;
    }
    return at;
}

/* `+s` converters and site facts carry the site's class on. */
void value_join_site(struct loading *l, struct value *v)
{
    const struct map *m = l->map;
    bool site = v->otherwise.kind == ELSE_SITE_FACT;

    for (size_t i = 0; i < v->n_as; i++)
        site = site || convert_uses_site(v->as[i].kind);
    if (site && m->site && v != m->site)
        v->class = class_join(v->class, m->site->class);
    if (v->otherwise.kind == ELSE_SITE_FACT)
        v->class = class_join(v->class, CLASS_DIRECTORY);
    if (site && !m->site && !l->site_missed) {
        l->site_missed = true;
        report_at(l->r, "E110", v->node, "add `values.site`: it decides zone, country and language",
                  "no value called `site`, and this one depends on the site");
    }
}

static void load_site_value(struct loading *l)
{
    static const struct slot_type site = {"site", SLOT_SITE, true, true, NULL, NULL};
    struct value *v = find_value(l->map, STR("site"));
    const struct value *real = v && v->same_as ? v->same_as : v;

    if (!real)
        return;
    l->map->site = real;
    use_value(l, STR("site"));
    for (int side = 0; side < SIDES; side++) {
        const struct branch *b = &real->branch[side];
        const struct table *t = b->table ? b->table : real->table;

        if (b->kind == BRANCH_SOURCES && !b->table_node && !real->table_node)
            report_at(l->r, "E303", b->node, "add `table:` whose `to` are keys of sites.yaml",
                      "values.site must end in a table");
        if (t)
            table_check_slot(l, t, &site);
    }
    for (size_t i = 0; i < real->n_as; i++)
        if (convert_uses_site(real->as[i].kind))
            report_at(l->r, "E304", real->as_node, NULL, "the site cannot depend on itself");
    if (real->otherwise.kind == ELSE_SITE_FACT || real->otherwise.kind == ELSE_NONE ||
        real->otherwise.kind == ELSE_LITERAL)
        report_at(l->r, real->otherwise.kind == ELSE_LITERAL ? "E402" : "E405",
                  real->otherwise.node, "use drop(), hold() or reject()",
                  "a site is never guessed: it decides zone and wording");
}

void values_load(struct loading *l, const struct yaml_node *values)
{
    struct map *m = l->map;

    if (!values || !shape_map(l, values, "values"))
        return;
    if (values->n > FEED_MAX_LIST)
        report_at(l->r, "E006", values, NULL, "more than %d values", FEED_MAX_LIST);
    m->values = NEW_ARRAY(l->a, struct value, values->n + 1);
    for (size_t i = 0; i < values->n && i < FEED_MAX_LIST; i++) {
        shape_name(l, values->pairs[i].key, "a value");
        value_load(l, &values->pairs[i], false, &m->values[m->n_values]);
        m->values[m->n_values++].name = values->pairs[i].key->text;
    }
    for (size_t i = 0; i < m->n_values; i++) {
        const struct value *real = follow(l, &m->values[i]);

        m->values[i].faulty = m->values[i].faulty || !real;
        if (real && real != &m->values[i])
            m->values[i].same_as = real;
    }
    load_site_value(l);
    for (size_t i = 0; i < m->n_values; i++)
        value_join_site(l, &m->values[i]);
}
