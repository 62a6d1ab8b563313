/* Reminders: what `before` asks for, and the times it comes to for one event. */
#include "instance.h"
#include "loading.h"

enum { MOST = 8, HOUR_OF_DATES = 9 };

static const int64_t minute_ms = 60000, day_ms = 86400000;

/* Longest first. */
static void insert(struct notify_entry *e, int64_t ms)
{
    size_t at = e->n_before++;

    for (; at > 0 && e->before_ms[at - 1] < ms; at--)
        e->before_ms[at] = e->before_ms[at - 1];
    e->before_ms[at] = ms;
}

static bool has(const struct notify_entry *e, int64_t ms)
{
    for (size_t i = 0; i < e->n_before; i++)
        if (e->before_ms[i] == ms)
            return true;
    return false;
}

void reminders_load(struct loading *l, const struct yaml_pair *before, struct notify_entry *e)
{
    const struct yaml_node *list = before->value;

    e->before_node = before->key;
    if (e->event && !event_type_time(e->event)) {
        report_at(l->r, "E710", before->key, NULL,
                  "%s has neither `start` nor `due` nor `collect_by` to remind of", e->event->name);
        return;
    }
    if (!shape_list(l, list, "before"))
        return;
    if (list->n == 0)
        report_at(l->r, "E103", list, NULL, "`before` names no time");
    if (list->n > MOST)
        report_at(l->r, "E006", list, NULL, "more than %d reminders of one event", MOST);
    e->before_ms = NEW_ARRAY(l->a, int64_t, MOST);
    for (size_t i = 0; i < list->n && i < MOST; i++) {
        int64_t ms;

        if (!shape_duration(l, list->items[i], minute_ms, 365 * day_ms, &ms))
            continue;
        if (has(e, ms))
            report_at(l->r, "E105", list->items[i], NULL, "`" STR_FMT "` is there twice",
                      STR_ARG(list->items[i]->text));
        else
            insert(e, ms);
    }
}

/* The moment a reminder counts back from, and the one after which it helps nobody. */
struct span {
    int64_t time_ms, end_ms;
};

/* A date counts from the morning of that day at the site, and is over with the day. */
static bool span_of_date(const struct site *site, struct str text, struct span *out)
{
    int64_t morning, midnight;
    struct moment m;
    struct civil c;

    if (!moment_read(text, &m) || m.precision != MOMENT_DAY)
        return false;
    c = m.local;
    zone_to_unix(site->zone, &c, &midnight);
    c.hour = HOUR_OF_DATES;
    zone_to_unix(site->zone, &c, &morning);
    /* noon of the day plus a day is a time of the next one, whatever the clocks do in between */
    zone_from_unix(site->zone, midnight + (day_ms + day_ms / 2) / 1000, &c, &(int){0});
    c.hour = c.minute = c.second = 0;
    zone_to_unix(site->zone, &c, &midnight);
    *out = (struct span){morning * 1000, midnight * 1000};
    return true;
}

static bool span_of(struct instance *i, const struct slot_type *slot, struct span *out)
{
    const struct slot *s = event_slot(&i->event, str_of(slot->name));
    int64_t at;

    if (!s)
        return false;
    if (slot->kind == SLOT_DATE)
        return span_of_date(i->site, s->value, out);
    if (!moment_read_ours(s->value, &at))
        return false;
    *out = (struct span){at * 1000, at * 1000};
    return true;
}

bool reminders_make(struct instance *i, const struct notify_entry *e)
{
    struct feed_outcome *out = i->out;
    struct feed_reminder words = {0};
    struct span span;

    if (!span_of(i, event_type_time(e->event), &span))
        return true; /* a `due` that is not known reminds nobody */
    if (!compose_words(i, e, &words))
        return false;
    out->reminders = NEW_ARRAY(i->m->a, struct feed_reminder, e->n_before + 1);
    for (size_t k = 0; k < e->n_before; k++) {
        words.before_ms = e->before_ms[k];
        words.due_ms = span.time_ms - words.before_ms;
        words.expires_ms = span.end_ms;
        out->reminders[out->n_reminders++] = words;
    }
    return true;
}
