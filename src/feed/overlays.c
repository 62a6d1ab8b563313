/* Overlays, and the maps they make: the feed is compiled once plain and once per overlay. */
#include <errno.h>

#include "files.h"
#include "loading.h"

static void ignore_fault(void *ctx, const char *code, int line, int column, const char *text,
                         const char *hint)
{
    (void)ctx, (void)code, (void)line, (void)column, (void)text, (void)hint;
}

/* Another feed of that name lies beside ours. */
static bool beside(struct loading *l, struct str name)
{
    const struct yaml_report quiet = {ignore_fault, NULL};
    struct file_names files;

    if (!folder_list(l->f->folder, ".yaml", l->a, &files))
        return false;
    for (size_t i = 0; i < files.n; i++) {
        const struct yaml_node *root = NULL, *feed;
        struct str text;

        if (file_read(l->f->folder, files.items[i], FEED_MAX_FILE, l->a, &text) == FILE_READ)
            root = yaml_parse(text, files.items[i], &yaml_limits_standard, l->a, &quiet);
        feed = yaml_get(root, "feed");
        if (feed && feed->kind == YAML_SCALAR && str_eq(feed->text, name))
            return true;
    }
    return false;
}

static void check_overlay_keys(struct loading *l, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->n; i++) {
        const struct yaml_node *key = root->pairs[i].key;

        if (!str_eq(key->text, STR("overlay")) && !str_eq(key->text, STR("values")) &&
            !str_eq(key->text, STR("tests")))
            report_at(l->r, "E120", key, NULL, "an overlay changes values, not `" STR_FMT "`",
                      STR_ARG(key->text));
    }
}

/* True when the file is an overlay of this feed. */
static bool is_ours(struct loading *l, const struct yaml_node *root)
{
    const struct yaml_node *overlay = yaml_get(root, "overlay");
    const struct yaml_node *of;

    if (!overlay) {
        report_at(l->r, "E009", root, NULL, "a file in overlays/ without the key `overlay`");
        return false;
    }
    if (!shape_map(l, overlay, "overlay"))
        return false;
    shape_keys(l, overlay, BLOCK_OVERLAY);
    of = shape_required(l, overlay, "of");
    if (!shape_text(l, of, "of"))
        return false;
    if (l->f->name && str_eq(of->text, str_of(l->f->name)))
        return true;
    if (!beside(l, of->text))
        report_at(l->r, "E008", of, NULL, "no feed called `" STR_FMT "`", STR_ARG(of->text));
    return false;
}

void overlays_find(struct loading *l)
{
    struct file_names files;

    if (!folder_list(arena_printf(l->a, "%s/overlays", l->f->folder).p, ".yaml", l->a, &files)) {
        if (errno != ENOENT)
            report_at(l->r, "E007", l->feed_root, NULL, "the folder `overlays` cannot be read");
        return;
    }
    l->overlays = NEW_ARRAY(l->a, struct overlay_file, files.n + 1);
    for (size_t i = 0; i < files.n; i++) {
        const char *file = arena_printf(l->a, "overlays/%s", files.items[i]).p;
        size_t name = strlen(files.items[i]) - strlen(".yaml");
        const struct yaml_node *root = loading_yaml(l, file, l->feed_root);

        if (!root || !is_ours(l, root))
            continue;
        check_overlay_keys(l, root);
        if (l->n_overlays == FEED_MAX_LIST) {
            report_at(l->r, "E006", root, NULL, "more than %d overlays", FEED_MAX_LIST);
            return;
        }
        l->overlays[l->n_overlays++] = (struct overlay_file){
            file, arena_copy(l->a, (struct str){files.items[i], name}).p, root};
    }
}

/* Maps merge key by key; lists and texts replace. add: keys that only `over` has come in. */
static struct yaml_node *merge(struct loading *l, struct yaml_node *base, struct yaml_node *over,
                               bool add)
{
    struct yaml_node *out;

    if (base->kind != YAML_MAP || over->kind != YAML_MAP)
        return over;
    out = NEW(l->a, struct yaml_node);
    *out = *base;
    out->pairs = NEW_ARRAY(l->a, struct yaml_pair, base->n + over->n + 1);
    for (size_t i = 0; i < base->n; i++) {
        struct yaml_node *with = yaml_get(over, base->pairs[i].key->text.p);

        out->pairs[i] = base->pairs[i];
        if (with)
            out->pairs[i].value = merge(l, base->pairs[i].value, with, true);
    }
    for (size_t i = 0; add && i < over->n; i++)
        if (!yaml_get(base, over->pairs[i].key->text.p))
            out->pairs[out->n++] = over->pairs[i];
    return out;
}

static const struct yaml_node *merge_values(struct loading *l, const struct yaml_node *overlay)
{
    struct yaml_node *base = yaml_get(l->feed_root, "values");
    struct yaml_node *over = yaml_get(overlay, "values");

    if (!over || !shape_map(l, over, "values"))
        return base;
    for (size_t i = 0; i < over->n; i++)
        if (!yaml_get(base, over->pairs[i].key->text.p))
            report_at(l->r, "E120", over->pairs[i].key, NULL,
                      "the feed has no value `" STR_FMT "` to replace",
                      STR_ARG(over->pairs[i].key->text));
    return base ? merge(l, base, over, false) : base;
}

/* For HL7: `PATH in (…)` and nothing else. */
static void check_where(struct loading *l, const struct map *m)
{
    for (int side = 0; side < SIDES; side++)
        if (m->where[side].class > CLASS_DIRECTORY)
            report_at(l->r, "E120", m->where[side].node, NULL,
                      "`for` depends on %s; at most directory is allowed",
                      class_name(m->where[side].class));
    if (m->where[SIDE_HL7].cond && !cond_only_member(m->where[SIDE_HL7].cond))
        report_at(l->r, "E120", m->where[SIDE_HL7].node, "for example MSH-4.1 in (HUDSON)",
                  "`for` of HL7 is `PATH in (…)`");
}

static void load_where(struct loading *l, const struct yaml_node *overlay, struct map *m)
{
    struct yaml_node *where = shape_required(l, overlay, "for");

    if (!where)
        return;
    if (where->kind == YAML_MAP) {
        shape_keys(l, where, BLOCK_WHERE);
        if (yaml_get(where, "hl7"))
            condition_load(l, yaml_get(where, "hl7"), SIDE_HL7, &m->where[SIDE_HL7]);
        if (yaml_get(where, "fhir"))
            condition_load(l, yaml_get(where, "fhir"), SIDE_FHIR, &m->where[SIDE_FHIR]);
    } else {
        condition_load(l, where, SIDE_HL7, &m->where[SIDE_HL7]);
    }
    check_where(l, m);
}

/* Two overlays that could both match one HL7 message. */
static void check_disjoint(struct loading *l, const struct map *a, const struct map *b)
{
    const struct cond_leaf *x = cond_only_member(a->where[SIDE_HL7].cond);
    const struct cond_leaf *y = cond_only_member(b->where[SIDE_HL7].cond);

    if (!x || !y)
        return;
    if (!str_eq(x->operand, y->operand)) {
        report_at(l->r, "E120", b->where[SIDE_HL7].node, NULL,
                  "all overlays of one feed test the same path");
        return;
    }
    for (size_t i = 0; i < x->n_literals; i++)
        for (size_t j = 0; j < y->n_literals; j++)
            if (str_eq(x->literals[i].text, y->literals[j].text))
                report_at(l->r, "E120", b->where[SIDE_HL7].node, NULL,
                          "`" STR_FMT "` also belongs to overlay %s", STR_ARG(y->literals[j].text),
                          a->overlay);
}

void maps_load(struct loading *l)
{
    struct feed *f = l->f;

    f->maps = NEW_ARRAY(l->a, struct map, l->n_overlays + 1);
    f->n_maps = l->n_overlays + 1;
    for (size_t i = 0; i < f->n_maps; i++) {
        const struct yaml_node *values = yaml_get(l->feed_root, "values");

        l->map = &f->maps[i];
        if (i > 0) {
            l->map->overlay = l->overlays[i - 1].name;
            l->map->overlay_node = l->overlays[i - 1].root;
            load_where(l, yaml_get(l->map->overlay_node, "overlay"), l->map);
            values = merge_values(l, l->map->overlay_node);
        }
        values_load(l, values);
        rules_load(l, yaml_get(l->feed_root, "rules"));
    }
    for (size_t i = 1; i < f->n_maps; i++)
        for (size_t j = i + 1; j < f->n_maps; j++)
            check_disjoint(l, &f->maps[i], &f->maps[j]);
}
