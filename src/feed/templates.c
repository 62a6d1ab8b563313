#include "loading.h"
#include "suggest.h"
#include "template_terms.h"

enum { BODY_MOST = 1024, FOOTER_MOST = 60 };

const struct template *feed_template_named(const struct feed *f, struct str key)
{
    for (size_t i = 0; i < f->templates.n; i++)
        if (str_eq(f->templates.items[i].key, key))
            return &f->templates.items[i];
    return NULL;
}

const struct template *loading_template(struct loading *l, const struct yaml_node *n)
{
    const struct templates *all = &l->f->templates;
    struct suggest s;

    if (!shape_text(l, n, "template"))
        return NULL;
    s = suggest_for(n->text);
    for (size_t i = 0; i < all->n; i++) {
        suggest_offer(&s, all->items[i].key);
        l->template_used[i] = l->template_used[i] || str_eq(all->items[i].key, n->text);
    }
    for (size_t i = 0; i < all->n; i++)
        l->template_used[i] =
            l->template_used[i] || (s.best.p && str_eq(all->items[i].key, s.best));
    if (!feed_template_named(l->f, n->text) && l->templates_known)
        report_at(l->r, "E701", n, suggest_hint(&s, l->a), "no template called `" STR_FMT "`",
                  STR_ARG(n->text));
    return feed_template_named(l->f, n->text);
}

/* The variable at the front of `s`, "{{1}}" or "{{site_name}}": its length, 0 when there is none. */
static size_t variable_at(struct str s, struct str *name)
{
    if (!str_starts(s, STR("{{")))
        return 0;
    for (size_t i = 2; i + 1 < s.n && i < 64; i++)
        if (s.p[i] == '}' && s.p[i + 1] == '}') {
            *name = str_trim((struct str){s.p + 2, i - 2});
            return i + 2;
        }
    return 0;
}

static bool is_param(const struct template *t, struct str name, size_t number, struct arena *a)
{
    if (!t->shown.named)
        return str_eq(name, arena_printf(a, "%zu", number));
    for (size_t i = 0; i < t->n_params; i++)
        if (str_eq(t->params[i], name))
            return true;
    return false;
}

/* What is wrong with the body's variables, or NULL. */
static const char *body_fault(const struct template *t, struct str body, struct arena *a)
{
    size_t seen = 0, last_end = 0;

    for (size_t i = 0; i < body.n; i++) {
        struct str name;
        size_t n = variable_at((struct str){body.p + i, body.n - i}, &name);

        if (n == 0)
            continue;
        if (i == 0 || i + n == body.n)
            return "the body starts or ends with a variable";
        if (seen && str_trim((struct str){body.p + last_end, i - last_end}).n == 0)
            return "two variables stand side by side";
        if (!is_param(t, name, ++seen, a))
            return t->shown.named ? "the body has a variable that `params` does not name"
                                  : "the variables are not {{1}}, {{2}}, … in order";
        i += n - 1;
        last_end = i + 1;
    }
    if (seen < t->n_params || (!t->shown.named && seen != t->n_params))
        return "the body does not show every parameter";
    return shape_length(body) > BODY_MOST ? "the body is longer than 1,024 characters" : NULL;
}

static void load_texts(struct loading *l, const struct yaml_node *map, struct phrases *out)
{
    if (!shape_map(l, map, "texts by language"))
        return;
    out->items = NEW_ARRAY(l->a, struct phrase, map->n + 1);
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *key = map->pairs[i].key, *text = map->pairs[i].value;

        if (!slot_form(SLOT_TAG, key->text))
            report_at(l->r, "E106", key, NULL, "`" STR_FMT "` is not a language tag",
                      STR_ARG(key->text));
        if (shape_text(l, text, "a text"))
            out->items[out->n++] = (struct phrase){key->text, text->text, text};
    }
}

static void load_params(struct loading *l, const struct yaml_node *list, struct template *t)
{
    const char **names;

    if (!shape_list(l, list, "params"))
        return;
    t->params = NEW_ARRAY(l->a, struct str, list->n + 1);
    names = NEW_ARRAY(l->a, const char *, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        if (!shape_name(l, list->items[i], "a parameter")) {
            t->faulty = true;
            continue;
        }
        names[t->n_params] = list->items[i]->text.p;
        t->params[t->n_params++] = list->items[i]->text;
    }
    t->shown.params = names;
    t->shown.n_params = t->n_params;
}

/* WhatsApp writes zh_TW where BCP 47 writes zh-TW. */
static const char *whatsapp_code(struct arena *a, struct str tag)
{
    char *p = (char *)arena_copy(a, tag).p;

    for (size_t i = 0; i < tag.n; i++)
        if (p[i] == '-')
            p[i] = '_';
    return p;
}

static void load_bodies(struct loading *l, const struct yaml_node *map, struct template *t)
{
    struct feed_body *bodies;

    load_texts(l, shape_required(l, map, "body"), &t->body);
    load_texts(l, yaml_get(map, "footer"), &t->footer);
    bodies = NEW_ARRAY(l->a, struct feed_body, t->body.n + 1);
    for (size_t i = 0; i < t->body.n; i++) {
        const struct phrase *body = &t->body.items[i];
        const struct phrase *footer = phrases_find(&t->footer, body->language);
        const char *fault = t->faulty ? NULL : body_fault(t, body->text, l->a);

        if (fault)
            report_at(l->r, "E706", body->node, NULL, "%s", fault);
        bodies[i] = (struct feed_body){whatsapp_code(l->a, body->language), body->text.p,
                                       footer ? footer->text.p : NULL};
    }
    for (size_t i = 0; i < t->footer.n; i++)
        if (shape_length(t->footer.items[i].text) > FOOTER_MOST)
            report_at(l->r, "E706", t->footer.items[i].node, NULL,
                      "the footer is longer than 60 characters");
    t->shown.bodies = bodies;
    t->shown.n_bodies = t->body.n;
}

static void load_template(struct loading *l, const struct yaml_pair *pair, struct template *t)
{
    const struct yaml_node *map = pair->value, *name, *format, *button;

    t->key = pair->key->text;
    t->key_node = pair->key;
    t->node = map;
    t->shows = CLASS_DIRECTORY;
    t->shown = (struct feed_template){.key = t->key.p, .name = t->key.p, .link = true};
    if (!shape_name(l, pair->key, "a template") || !shape_map(l, map, "a template"))
        return;
    shape_keys(l, map, BLOCK_TEMPLATE);
    name = yaml_get(map, "name");
    format = yaml_get(map, "format");
    button = yaml_get(map, "button");
    if (shape_text(l, name, "name"))
        t->shown.name = name->text.p;
    shape_word(l, shape_required(l, map, "category"), key_words(BLOCK_TEMPLATE, "category"));
    t->shows_node = yaml_get(map, "shows");
    shape_class(l, t->shows_node, &t->shows);
    if (format)
        t->shown.named = shape_word(l, format, key_words(BLOCK_TEMPLATE, "format")) == 1;
    if (button)
        t->shown.link = shape_word(l, button, key_words(BLOCK_TEMPLATE, "button")) != 1;
    template_terms_load(l, map, t);
    load_params(l, yaml_get(map, "params"), t);
    load_bodies(l, map, t);
}

void templates_load(struct loading *l, const struct yaml_node *at)
{
    const struct yaml_node *root;
    struct templates *all = &l->f->templates;

    if (!shape_text(l, at, "uses.templates"))
        return;
    root = loading_yaml(l, at->text.p, at);
    if (!root)
        return;
    if (root->kind != YAML_MAP || yaml_get(root, "feed") || yaml_get(root, "overlay") ||
        yaml_get(root, "policy")) {
        report_at(l->r, "E009", at, NULL, "`" STR_FMT "` is not a file of templates",
                  STR_ARG(at->text));
        return;
    }
    l->templates_known = true;
    all->items = NEW_ARRAY(l->a, struct template, root->n + 1);
    for (size_t i = 0; i < root->n; i++)
        load_template(l, &root->pairs[i], &all->items[all->n++]);
}

static void offer(struct feed *f, struct str language)
{
    for (size_t i = 0; i < f->n_offered; i++)
        if (str_eq(f->offered[i], language))
            return;
    f->offered[f->n_offered++] = language;
}

void templates_finish(struct loading *l)
{
    struct feed *f = l->f;
    size_t most = 0;

    l->template_used = NEW_ARRAY(l->a, bool, f->templates.n + 1);
    for (size_t i = 0; i < f->templates.n; i++)
        most += f->templates.items[i].body.n;
    f->offered = NEW_ARRAY(l->a, struct str, most + 1);
    for (size_t i = 0; i < f->templates.n; i++) {
        struct template *t = &f->templates.items[i];
        enum sensitivity allowed = CLASS_DIRECTORY;

        for (size_t b = 0; b < t->body.n; b++)
            offer(f, t->body.items[b].language);
        for (size_t c = 0; c < f->policy.n_ceilings; c++)
            if (str_eq(f->policy.ceilings[c].template, t->key))
                allowed = f->policy.ceilings[c].shows;
        if (t->shows > allowed)
            report_at(l->r, "E805", t->shows_node,
                      "add a `ceiling` to the policy, or lower `shows`",
                      "template `" STR_FMT "` shows up to %s and no policy allows it",
                      STR_ARG(t->key), class_name(t->shows));
    }
}

size_t feed_template_count(const struct feed *f)
{
    return f->templates.n;
}

const struct feed_template *feed_template_at(const struct feed *f, size_t i)
{
    return &f->templates.items[i].shown;
}
