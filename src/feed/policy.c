#include "defined.h"
#include "hosts.h"

enum { DAYS_30 = 30 };
static const int64_t day_ms = 86400000;
/* A date begins up to 14 hours before it does in UTC. */
static const int64_t ZONE_MOST = 14 * 3600000LL;

/* because, by, on, expires: every decision has a reason, an owner and an end. */
static void check_entry(struct loading *l, const struct yaml_node *entry)
{
    static const char *const keys[] = {"because", "by", "on", "expires"};
    const struct yaml_node *end = yaml_get(entry, "expires"), *start = yaml_get(entry, "on");
    int64_t on = 0, expires = 0;

    for (size_t i = 0; i < 4; i++) {
        const struct yaml_node *n = yaml_get(entry, keys[i]);

        if (!n)
            report_at(l->r, "E804", entry, NULL, "this policy entry has no `%s`", keys[i]);
        else if (!n->missing)
            shape_text(l, n, keys[i]);
    }
    if (start && shape_date(l, start, &on) && l->now_ms && l->now_ms < on - ZONE_MOST)
        report_at(l->r, "E804", start, "take the entry in on that day",
                  "this policy entry is decided on " STR_FMT ", which lies ahead",
                  STR_ARG(start->text));
    if (!end || !shape_date(l, end, &expires))
        return;
    l->f->policy.ends[l->f->policy.n_ends++] =
        (struct feed_policy_end){end->file, end->line, expires + day_ms};
    if (!l->now_ms)
        return;
    if (l->now_ms >= expires + day_ms)
        report_at(l->r, "E804", end, "decide again, or take the entry out",
                  "this policy entry expired on " STR_FMT, STR_ARG(end->text));
    else if (l->now_ms >= expires - DAYS_30 * day_ms)
        report_at(l->r, "W906", end, NULL, "this policy entry ends on " STR_FMT,
                  STR_ARG(end->text));
}

/* Starts like an HL7 path: a segment name and a dash. */
static bool looks_hl7(struct str path)
{
    return path.n > 4 && path.p[3] == '-';
}

/* `declare` may raise any class. It may lower only what no standard defines: Z-segments, extensions. */
static bool may_declare(struct loading *l, const struct yaml_node *entry, const struct declared *d)
{
    enum sensitivity standard;
    bool local;

    if (d->is_hl7) {
        standard = dictionary_hl7(str_of(d->hl7.segment), d->hl7.field, NULL);
        local = dictionary_local_hl7(str_of(d->hl7.segment));
    } else {
        standard = dictionary_fhir(d->path, NULL);
        local = dictionary_local_fhir(d->path);
    }
    if (!local && d->class < standard) {
        report_at(l->r, "E804", yaml_get(entry, "class"),
                  "only Z-segments and extensions may be declared lower",
                  "`" STR_FMT "` is %s; a policy may raise a class and never lower it",
                  STR_ARG(d->path), class_name(standard));
        return false;
    }
    if (d->is_hl7 && (d->hl7.repetition || d->hl7.n_tests)) {
        report_at(l->r, "E201", yaml_get(entry, "path"), "a class is that of all repetitions",
                  "`" STR_FMT "` picks out repetitions", STR_ARG(d->path));
        return false;
    }
    return true;
}

static void load_declared(struct loading *l, const struct yaml_node *entry)
{
    struct policy *p = &l->f->policy;
    struct declared d = {0};
    const struct yaml_node *path;
    bool was_faulty = p->faulty;
    size_t at;
    struct err e;

    if (!shape_map(l, entry, "an entry of `declare`"))
        return;
    shape_keys(l, entry, BLOCK_DECLARE);
    check_entry(l, entry);
    path = shape_required(l, entry, "path");
    l->f->policy.faulty = true;
    if (!shape_text(l, path, "path") ||
        !shape_class(l, shape_required(l, entry, "class"), &d.class))
        return;
    d.path = path->text;
    d.is_hl7 = looks_hl7(d.path);
    if (d.is_hl7 && !hl7_path_parse(d.path, l->a, &d.hl7, &at, &e)) {
        report_at(l->r, "E201", path, NULL, "`" STR_FMT "` is not an HL7 path", STR_ARG(d.path));
        return;
    }
    if (!may_declare(l, entry, &d) || (d.is_hl7 && !path_defined(l, path, d.path, &d.hl7)))
        return;
    p->declared[p->n_declared++] = d;
    p->faulty = was_faulty;
}

static void load_ceiling(struct loading *l, const struct yaml_node *entry)
{
    struct policy *p = &l->f->policy;
    struct ceiling c = {.node = entry};
    const struct yaml_node *name;

    if (!shape_map(l, entry, "an entry of `ceiling`"))
        return;
    shape_keys(l, entry, BLOCK_CEILING);
    check_entry(l, entry);
    name = shape_required(l, entry, "template");
    if (!shape_text(l, name, "template") ||
        !shape_class(l, shape_required(l, entry, "shows"), &c.shows))
        return;
    c.template = name->text;
    if (!feed_template_named(l->f, c.template))
        report_at(l->r, "E701", name, NULL, "no template called `" STR_FMT "`",
                  STR_ARG(c.template));
    else if (c.shows != CLASS_PREFERENCE && c.shows != CLASS_LOGISTICS)
        report_at(l->r, "E805", yaml_get(entry, "shows"), NULL,
                  "a ceiling is preference or logistics, never %s", class_name(c.shows));
    else
        p->ceilings[p->n_ceilings++] = c;
}

static void load_segment(struct loading *l, const struct yaml_node *entry)
{
    struct policy *p = &l->f->policy;
    const struct yaml_node *trigger, *segment;

    if (!shape_map(l, entry, "an entry of `segments`"))
        return;
    shape_keys(l, entry, BLOCK_SEGMENT);
    check_entry(l, entry);
    trigger = shape_required(l, entry, "trigger");
    segment = shape_required(l, entry, "segment");
    if (!shape_text(l, trigger, "trigger") || !shape_text(l, segment, "segment"))
        return;
    if (trigger->text.n != 7 || trigger->text.p[3] != '^')
        report_at(l->r, "E103", trigger, "MSH-9.1^MSH-9.2, for example SIU^S12",
                  "`" STR_FMT "` is not a trigger", STR_ARG(trigger->text));
    else if (segment->text.n != 3)
        report_at(l->r, "E103", segment, NULL, "a segment's name has three characters");
    else
        p->segments[p->n_segments++] = (struct extra_segment){trigger->text, segment->text};
}

static void load_host(struct loading *l, const struct yaml_node *entry)
{
    if (!shape_map(l, entry, "an entry of `hosts`"))
        return;
    shape_keys(l, entry, BLOCK_HOST);
    check_entry(l, entry);
    host_load(l, shape_required(l, entry, "host"));
}

static void each_entry(struct loading *l, const struct yaml_node *list,
                       void (*load)(struct loading *l, const struct yaml_node *entry))
{
    if (!shape_list(l, list, "policy entries"))
        return;
    for (size_t i = 0; i < list->n; i++)
        load(l, list->items[i]);
}

/* The slot of that name, of whatever event has one. */
static const struct slot_type *slot_named(struct str name)
{
    const struct slot_type *slot = NULL;

    for (size_t i = 0; event_type_at(i) && !slot; i++)
        slot = event_type_slot(event_type_at(i), name);
    return slot;
}

/* What a slot may ever hold counts, so that no change of a feed reaches a log. */
static void load_log(struct loading *l, const struct yaml_node *list)
{
    if (!shape_list(l, list, "log"))
        return;
    for (size_t i = 0; i < list->n; i++) {
        const struct yaml_node *n = list->items[i];
        const struct slot_type *slot;

        if (!shape_text(l, n, "a slot"))
            continue;
        slot = slot_named(n->text);
        if (!slot)
            report_at(l->r, "E503", n, NULL, "no event has a slot `" STR_FMT "`", STR_ARG(n->text));
        else if (slot_ceiling(slot->kind) > CLASS_DIRECTORY)
            report_at(l->r, "E803", n, NULL,
                      "`" STR_FMT "` may hold %s; a log shows at most directory", STR_ARG(n->text),
                      class_name(slot_ceiling(slot->kind)));
        else
            l->f->policy.log_site = true; /* the one kind of slot that is left */
    }
}

static size_t n_items(const struct yaml_node *list)
{
    return list ? list->n : 0;
}

void policy_load(struct loading *l, const struct yaml_node *at)
{
    const struct yaml_node *root, *of, *declare, *ceiling, *segments;

    l->f->policy.faulty = true;
    if (!shape_text(l, at, "uses.policy"))
        return;
    root = loading_yaml(l, at->text.p, at);
    if (!root)
        return;
    of = yaml_get(root, "policy");
    if (!of) {
        report_at(l->r, "E009", at, NULL, "`" STR_FMT "` is not a policy", STR_ARG(at->text));
        return;
    }
    shape_keys(l, root, BLOCK_POLICY);
    if (shape_text(l, of, "policy") && l->f->name && !str_eq(of->text, str_of(l->f->name)))
        report_at(l->r, "E009", of, NULL, "this policy is for feed `" STR_FMT "`",
                  STR_ARG(of->text));
    l->f->policy.faulty = false;
    l->f->policy.node = root;
    declare = yaml_get(root, "declare");
    ceiling = yaml_get(root, "ceiling");
    segments = yaml_get(root, "segments");
    l->f->policy.declared = NEW_ARRAY(l->a, struct declared, n_items(declare) + 1);
    l->f->policy.ceilings = NEW_ARRAY(l->a, struct ceiling, n_items(ceiling) + 1);
    l->f->policy.segments = NEW_ARRAY(l->a, struct extra_segment, n_items(segments) + 1);
    l->f->policy.ends = NEW_ARRAY(l->a, struct feed_policy_end,
                                  1 + n_items(declare) + n_items(ceiling) + n_items(segments) +
                                      n_items(yaml_get(root, "hosts")));
    each_entry(l, declare, load_declared);
    each_entry(l, ceiling, load_ceiling);
    each_entry(l, segments, load_segment);
    each_entry(l, yaml_get(root, "hosts"), load_host);
    if (yaml_get(root, "log"))
        load_log(l, yaml_get(root, "log"));
}

const struct feed_policy_end *feed_policy_ends(const struct feed *f, size_t *n)
{
    *n = f->policy.n_ends;
    return f->policy.ends;
}
