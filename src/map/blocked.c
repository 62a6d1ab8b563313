#include "blocked.h"

#include "base/log.h"

static void alarm_of(const struct message *m, const struct feed *f, const struct feed_leak *l)
{
    const char *sink = leak_sink_name(l->sink), *class = class_name(l->class);
    const char *place = m->kind == MESSAGE_HL7 ? "segment" : "byte";

    if (l->found)
        log_event(LOG_CRITICAL, "security",
                  "message %lld: %s blocked, %s shown where %s is the most (%s %zu, field %u) -> "
                  "held, feed %s paused until `tidings resume`",
                  (long long)m->id, sink, class, class_name(l->ceiling), place, l->place, l->field,
                  feed_name(f));
    else if (l->by_class)
        log_event(LOG_CRITICAL, "security",
                  "message %lld: %s blocked, class %s where %s is the most -> "
                  "held, feed %s paused until `tidings resume`",
                  (long long)m->id, sink, class, class_name(l->ceiling), feed_name(f));
    else
        log_event(LOG_CRITICAL, "security",
                  "message %lld: %s blocked, nothing in the message vouches for it -> "
                  "held, feed %s paused until `tidings resume`",
                  (long long)m->id, sink, feed_name(f));
}

bool map_blocked(const struct map_settings *set, const struct message *m, const struct feed *f,
                 const struct feed_result *r, struct store *s, struct err *e)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct feed_outcome *o = &r->outcomes[i];

        if (!o->leak)
            continue;
        if (!s->ops->pause_feed(s, str_of(feed_name(f)), o->reason, e))
            return false;
        alarm_of(m, f, o->leak);
        if (set->blocked)
            atomic_fetch_add(set->blocked, 1);
    }
    return true;
}
