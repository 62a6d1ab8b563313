#include "template_terms.h"

static const int64_t second_ms = 1000, minute_ms = 60000, hour_ms = 3600000, day_ms = 86400000;

static void load_replies(struct loading *l, const struct yaml_pair *pair, struct template *t)
{
    const char *const *words = key_words(BLOCK_TEMPLATE, "replies");
    const struct yaml_node *list = pair->value;

    if (!shape_list(l, list, "replies"))
        return;
    for (size_t i = 0; i < list->n; i++) {
        int bit = shape_word(l, list->items[i], words);

        if (bit >= 0 && t->shown.replies & 1 << bit)
            report_at(l->r, "E103", list->items[i], NULL, "`" STR_FMT "` is there twice",
                      STR_ARG(list->items[i]->text));
        if (bit >= 0)
            t->shown.replies = (uint8_t)(t->shown.replies | 1 << bit);
    }
    if (t->shown.replies && t->shown.link)
        report_at(l->r, "W908", pair->key, "button: none",
                  "template `" STR_FMT
                  "` has quick replies beside a link: WhatsApp desktop does not show it",
                  STR_ARG(t->key));
}

/* 30 s to 12 h, or 30 days. */
static void load_ttl(struct loading *l, const struct yaml_node *n, struct template *t)
{
    int64_t ms;

    if (!shape_duration(l, n, 30 * second_ms, 30 * day_ms, &ms))
        return;
    if (ms > 12 * hour_ms && ms != 30 * day_ms)
        report_at(l->r, "E105", n, "30s to 12h, or 30d", "`" STR_FMT "` is out of range",
                  STR_ARG(n->text));
    else
        t->shown.ttl_ms = ms;
}

void template_terms_load(struct loading *l, const struct yaml_node *map, struct template *t)
{
    const struct yaml_pair *replies = yaml_pair_of(map, "replies");
    const struct yaml_pair *pin = yaml_pair_of(map, "pin");
    const struct yaml_node *ttl = yaml_get(map, "ttl");
    const struct yaml_node *resend = yaml_get(map, "resend_unknown_after");

    if (replies)
        load_replies(l, replies, t);
    if (ttl)
        load_ttl(l, ttl, t);
    if (pin)
        report_at(l->r, "E101", pin->key, NULL, "this version does not do `pin` yet");
    if (resend)
        shape_duration(l, resend, 10 * minute_ms, 30 * day_ms, &t->shown.resend_ms);
}

void template_terms_check(struct loading *l, const struct yaml_node *at,
                          const struct notify_entry *e)
{
    const struct feed_template *t;

    if (!e->event || !e->template || !at)
        return;
    t = &e->template->shown;
    if (t->replies && strcmp(e->event->name, "appointment/1") != 0)
        report_at(l->r, "E710", at, NULL,
                  "template `%s` has quick replies, which only appointment/1 can have", t->key);
    if (t->resend_ms && strcmp(e->event->name, "result_ready/1") != 0)
        report_at(l->r, "E710", at, NULL,
                  "template `%s` has `resend_unknown_after`, which only result_ready/1 can have",
                  t->key);
}
