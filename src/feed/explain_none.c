/* Why a message gave no instance: what the feed reads, and which rule comes nearest. */
#include "explained.h"
#include "model.h"
#include "suggest.h"

static struct str code_of(struct str trigger)
{
    return str_cut(&trigger, '^');
}

static bool has_trigger(const struct rule *r, int side, struct str type)
{
    for (size_t i = 0; i < r->n_on[side]; i++)
        if (str_eq(r->on[side][i], type))
            return true;
    return false;
}

/* A rule of the same message code ("SIU"), else one whose trigger is spelt much like it. */
static const struct rule *nearest(const struct map *map, int side, struct str type)
{
    struct suggest s = suggest_for(type);
    const struct rule *best = NULL;

    for (size_t k = 0; k < map->n_rules; k++)
        for (size_t i = 0; i < map->rules[k].n_on[side]; i++) {
            struct str on = map->rules[k].on[side][i], was = s.best;

            if (side == SIDE_HL7 && str_eq(code_of(on), code_of(type)))
                return &map->rules[k];
            suggest_offer(&s, on);
            best = s.best.p != was.p ? &map->rules[k] : best;
        }
    return best;
}

static const char *why(const struct unmatched *u, const struct feed *f, struct str type,
                       struct arena *a)
{
    if (u->triggered && u->triggered->each[0] && u->side == SIDE_HL7)
        return arena_printf(a, "rule `" STR_FMT "` has this trigger, but the message has no %s",
                            STR_ARG(u->triggered->label), u->triggered->each)
            .p;
    if (u->triggered)
        return arena_printf(a, "rule `" STR_FMT "` has this trigger, but nothing here fits it",
                            STR_ARG(u->triggered->label))
            .p;
    if (u->side == SIDE_FHIR && str_eq(type, STR("Bundle")))
        return "the Bundle holds no resource that a rule has as its trigger";
    if (!f->reads[u->side])
        return u->side == SIDE_FHIR ? "the feed reads no FHIR" : "the feed reads no HL7 v2";
    return "no rule has this trigger";
}

void unmatched_find(const struct feed *f, const struct feed_input *in, struct explained *x)
{
    struct unmatched *u = &x->unmatched;
    const struct map *map = &f->maps[0];

    u->side = in->kind == MESSAGE_HL7 ? SIDE_HL7 : SIDE_FHIR;
    for (size_t k = 0; k < map->n_rules && !u->triggered; k++)
        if (has_trigger(&map->rules[k], u->side, x->result.type))
            u->triggered = &map->rules[k];
    u->nearest = u->triggered ? u->triggered : nearest(map, u->side, x->result.type);
    u->why = why(u, f, x->result.type, &x->arena);
    u->rules = map->rules;
    u->n_rules = map->n_rules;
}
