/* The proof against a second, plain computation: for each sink the highest class of what the compiled values say
 * that can fill it, over all rules and overlays. */
#include <sys/stat.h>

#include "../../src/feed/model.h"
#include "check.h"
#include "feed/proof.h"

static enum sensitivity slot_join(const struct feed *f, const char *event, const char *slot)
{
    enum sensitivity all = CLASS_PUBLIC;

    for (size_t m = 0; m < f->n_maps; m++)
        for (size_t r = 0; r < f->maps[m].n_rules; r++) {
            const struct rule *rule = &f->maps[m].rules[r];

            for (size_t b = 0; strcmp(rule->event->name, event) == 0 && b < rule->n_with; b++)
                if (strcmp(rule->with[b].slot->name, slot) == 0) {
                    if (rule->with[b].value)
                        all = class_join(all, rule->with[b].value->class);
                    for (int side = 0; side < SIDES; side++)
                        all = class_join(all, f->maps[m].where[side].class);
                }
        }
    return all;
}

static enum sensitivity param_join(const struct feed *f, const struct proof_template *t,
                                   const char *param)
{
    enum sensitivity all = CLASS_PUBLIC;

    for (size_t i = 0; i < f->n_notify; i++) {
        const struct notify_entry *e = &f->notify[i];

        if (strcmp(e->event->name, t->event) != 0 || !str_eq(e->template->key, str_of(t->template)))
            continue;
        for (size_t p = 0; p < e->n_params; p++)
            if (str_eq(e->params[p].name, str_of(param)))
                all = class_join(
                    all,
                    slot_join(f, t->event, e->params[p].slot ? e->params[p].slot->name : "site"));
        if (e->n_params)
            all = class_join(all, CLASS_DIRECTORY);
    }
    return all;
}

static enum sensitivity guard_join(const struct feed *f, const char *event)
{
    enum sensitivity all = CLASS_PUBLIC;

    for (size_t r = 0; r < f->maps[0].n_rules; r++) {
        const struct rule *rule = &f->maps[0].rules[r];

        for (int side = 0; side < SIDES; side++) {
            if (strcmp(rule->event->name, event) == 0) {
                all = class_join(all, rule->only_if.branch[side].class);
                all = class_join(all, rule->sensitive.branch[side].class);
            }
            for (size_t b = 0; b < rule->n_with; b++)
                if (rule->with[b].slot->kind == SLOT_FLAG)
                    all = class_join(all, rule->with[b].value->branch[side].class);
        }
    }
    return all;
}

static enum sensitivity wanted_join(const struct feed *f, const struct proof_template *t,
                                    const struct proof_sink *s)
{
    const struct event_type *event = event_type_find(str_of(t->event));

    switch (s->kind) {
    case PROOF_PARAMETER:
        return param_join(f, t, s->name);
    case PROOF_LANGUAGE:
        return class_join(CLASS_DIRECTORY, class_join(slot_join(f, t->event, "language"),
                                                      slot_join(f, t->event, "site")));
    case PROOF_RECIPIENT:
        return slot_join(f, t->event, "phone");
    case PROOF_LINK:
        return class_join(slot_join(f, t->event, event->unit),
                          slot_join(f, t->event, "patient_key"));
    case PROOF_WHETHER:
        return guard_join(f, t->event);
    case PROOF_TEMPLATE: /* the trigger at least; `when` may test status, site and language */
    case PROOF_TIME:
        return CLASS_LOGISTICS;
    }
    return CLASS_CLINICAL;
}

static void check_sink(const struct feed *f, const struct proof_template *t,
                       const struct proof_sink *s)
{
    enum sensitivity wanted = wanted_join(f, t, s), found = CLASS_PUBLIC;

    for (size_t i = 0; i < s->n; i++) {
        found = class_join(found, s->paths[i].class);
        CHECK(s->paths[i].line > 0 && s->paths[i].column > 0 && s->paths[i].text[0], "%s: path %zu",
              s->name, i);
    }
    CHECK(s->join == wanted, "%s %s: %s, computed %s", t->template, s->name, class_name(s->join),
          class_name(wanted));
    CHECK(found == s->join, "%s %s: its paths give %s", t->template, s->name, class_name(found));
    CHECK(s->holds == (s->join <= s->ceiling), "%s %s: the verdict", t->template, s->name);
}

static void check_feed(const char *path)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f = feed_load(path, &a, &all);
    struct proof p;

    CHECK(f, "%s does not load: %zu errors", path, all.n_errors);
    if (f) {
        feed_prove(f, &a, &p);
        CHECK(p.holds && p.n > 0, "%s: %zu templates", path, p.n);
        for (size_t i = 0; i < p.n; i++)
            for (size_t s = 0; s < p.templates[i].n; s++)
                check_sink(f, &p.templates[i], &p.templates[i].sinks[s]);
    }
    feed_free(f);
    arena_reset(&a);
}

int main(void)
{
    static const char *const feeds[] = {
        "mappings/demo/demo.yaml",
        "fixtures/stories/feed/stories.yaml",
        "fixtures/codes/base/feed.yaml",
        "../shared/design/feed-examples/north.yaml",
    };
    struct stat st;

    for
        EACH (i, feeds)
            if (stat(feeds[i], &st) == 0)
                check_feed(feeds[i]);
            else
                printf("%s is not here: skipped\n", feeds[i]);
    return check_end();
}
