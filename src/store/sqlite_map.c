/* Instances of mapped messages, and the units they are about. */
#include "growing.h"
#include "params.h"
#include "reminders.h"
#include "reply.h"
#include "sqlite_store.h"

static const struct query mark_mapped = {
    "mark mapped", "UPDATE message SET mapped = 1, feed_version = ?2 WHERE id = ?1 AND mapped = 0"
                   " RETURNING reply, channel, received_ms"};
static const struct query add_instance = {
    "put instance",
    "INSERT INTO instance(id, message_id, received_ms, message_ms, test, feed, rule, standing,"
    " reason, warnings, emits, event, notifies, template, language, named, button, params,"
    " coalesce_ms, coalesce_key, stale_ms, replies, ttl_ms, resend_ms, reminders, log, approval)"
    " VALUES (?1, ?2, (SELECT received_ms FROM message WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
    "?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
    "?20, ?21, ?22, ?23, ?24, ?25, ?26)"};
static const struct query take_mapped = {
    "take mapped", "SELECT " INSTANCE_COLUMNS " FROM instance WHERE planned = 0 AND standing = 1"
                   " ORDER BY id LIMIT ?1"};
static const struct query write_standing = {
    "settle", "UPDATE instance SET standing = ?2, reason = ?3 WHERE id = ?1 RETURNING message_id"};
static const struct query read_standing = {
    "read standing", "SELECT standing, (SELECT min(standing) FROM instance WHERE message_id = ?1)"
                     " FROM message WHERE id = ?1"};
static const struct query message_standing = {"write standing",
                                              "UPDATE message SET standing = ?2 WHERE id = ?1"};
static const struct query find_unit = {
    "find unit", "SELECT id, event, news, told FROM unit WHERE event_type = ?1 AND unit_key = ?2"};
static const struct query add_unit = {
    "put unit", "INSERT INTO unit(id, event_type, unit_key, event) VALUES (?1, ?2, ?3, ?4)"};
static const struct query save_event = {"save unit", "UPDATE unit SET event = ?2 WHERE id = ?1"};
static const struct query save_news = {
    "save news", "UPDATE unit SET news = ?3 WHERE event_type = ?1 AND unit_key = ?2"};

static struct seal_place event_at(const char *table, int64_t id)
{
    return (struct seal_place){table, "event", id};
}

/* A unit counts once, under the first standing that any of its instances is in; with none of them,
 * no rule reads it (model/ledger.h). */
static bool message_stand(struct sqlite *q, int64_t message_id, struct err *e)
{
    struct rows r;
    int64_t was, is;
    bool found;

    if (!rows_one(&r, q, &read_standing, ARGS(INT(message_id)), &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no message %lld", (long long)message_id);
    was = row_int(&r, 0);
    is = row_int(&r, 1) ? row_int(&r, 1) : STANDING_DROPPED;
    rows_close(&r);
    if (is == was)
        return true;
    q->change[was]--;
    q->change[is]++;
    return sql_do(q, &message_standing, ARGS(INT(message_id), INT(is)), NULL, e);
}

bool instance_stand(struct sqlite *q, int64_t instance_id, enum standing standing,
                    struct str reason, struct err *e)
{
    struct rows r;
    int64_t message_id;
    bool found;

    if (!rows_one(&r, q, &write_standing, ARGS(INT(instance_id), INT(standing), TEXT(reason)),
                  &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "no instance %lld", (long long)instance_id);
    message_id = row_int(&r, 0);
    rows_close(&r);
    return message_stand(q, message_id, e);
}

bool sqlite_settle(struct store *s, int64_t instance_id, enum standing standing, struct str reason,
                   struct err *e)
{
    return instance_stand((struct sqlite *)s, instance_id, standing, reason, e);
}

static bool put_unit(struct sqlite *q, const struct event *ev, struct err *e)
{
    struct str packed = event_pack(ev, &q->scratch);
    int64_t id = 0;
    struct rows r;
    struct arg event;
    bool known;

    if (!rows_one(&r, q, &find_unit, ARGS(TEXT(ev->type), TEXT(ev->unit_key)), &known, e))
        return false;
    if (known) {
        id = row_int(&r, 0);
        rows_close(&r);
        return sealed_arg(q, event_at("unit", id), packed, &event, e) &&
               sql_do(q, &save_event, ARGS(INT(id), event), NULL, e);
    }
    return next_id(q, T_UNIT, &id, e) && sealed_arg(q, event_at("unit", id), packed, &event, e) &&
           sql_do(q, &add_unit, ARGS(INT(id), TEXT(ev->type), TEXT(ev->unit_key), event), NULL, e);
}

static bool put_instance(struct sqlite *q, int64_t message_id, struct instance *in, struct err *e)
{
    struct str event = {NULL, 0}, packed = params_pack(in->params, in->n_params, &q->scratch);
    struct str reminders = reminders_pack(in->reminders, in->n_reminders, &q->scratch);
    struct arg event_arg, params_arg, reminders_arg;

    if (in->emits)
        event = event_pack(&in->event, &q->scratch);
    in->message_id = message_id;
    return next_id(q, T_INSTANCE, &in->id, e) &&
           sealed_arg(q, event_at("instance", in->id), event, &event_arg, e) &&
           sealed_arg(q, (struct seal_place){"instance", "params", in->id}, packed, &params_arg,
                      e) &&
           sealed_arg(q, (struct seal_place){"instance", "reminders", in->id}, reminders,
                      &reminders_arg, e) &&
           sql_do(q, &add_instance,
                  ARGS(INT(in->id), INT(message_id), INT(in->message_ms), INT(in->test),
                       TEXT(in->feed), TEXT(in->rule), INT(in->standing), TEXT(in->reason),
                       TEXT(in->warnings), INT(in->emits), event_arg, INT(in->notifies),
                       TEXT(in->template), TEXT(in->language), INT(in->named), INT(in->button),
                       params_arg, INT(in->coalesce_ms), TEXT(in->coalesce), INT(in->stale_ms),
                       INT(in->replies), INT(in->ttl_ms), INT(in->resend_ms), reminders_arg,
                       TEXT(in->log), BYTES(in->approval, INDEX_BYTES)),
                  NULL, e) &&
           (!in->emits || in->test || put_unit(q, &in->event, e)); /* a test changes nothing */
}

bool sqlite_put_mapped(struct store *s, int64_t message_id, struct str feed_version,
                       struct instance *all, size_t n, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    enum reply_wanted wanted;
    struct str channel, code;
    int64_t received_ms;
    struct rows r;
    bool found;

    if (!rows_one(&r, q, &mark_mapped, ARGS(INT(message_id), TEXT(feed_version)), &found, e))
        return false;
    if (!found)
        return err_set(e, ERR_INPUT, 0, "message %lld does not wait to be mapped",
                       (long long)message_id);
    wanted = (enum reply_wanted)row_int(&r, 0);
    channel = row_text(&r, 1, &q->scratch);
    received_ms = row_int(&r, 2);
    rows_close(&r);
    code = reply_code(wanted, all, n);
    for (size_t i = 0; i < n; i++) {
        if (!put_instance(q, message_id, &all[i], e))
            return false;
    }
    return message_stand(q, message_id, e) &&
           (!code.p || outgoing_put(q, message_id, channel, code, received_ms, e));
}

/* What is sealed of an instance. */
static bool open_instance(const struct rows *r, struct arena *a, struct instance *in, struct err *e)
{
    struct str event, params, reminders;

    if (!row_sealed(r, 11, event_at("instance", in->id), a, &event, e) ||
        !row_sealed(r, 17, (struct seal_place){"instance", "params", in->id}, a, &params, e) ||
        !row_sealed(r, 24, (struct seal_place){"instance", "reminders", in->id}, a, &reminders, e))
        return false;
    return (!event.p || event_unpack(event, a, &in->event, e)) &&
           params_unpack(params, a, &in->params, &in->n_params, e) &&
           reminders_unpack(reminders, a, &in->reminders, &in->n_reminders, e);
}

bool instance_row(const struct rows *r, struct arena *a, struct instance *in, struct err *e)
{
    in->id = row_int(r, 0);
    in->message_id = row_int(r, 1);
    in->received_ms = row_int(r, 2);
    in->message_ms = row_int(r, 3);
    in->test = row_int(r, 4) != 0;
    in->feed = row_text(r, 5, a);
    in->rule = row_text(r, 6, a);
    in->standing = (enum standing)row_int(r, 7);
    in->reason = row_text(r, 8, a);
    in->warnings = row_text(r, 9, a);
    in->emits = row_int(r, 10) != 0;
    in->notifies = row_int(r, 12) != 0;
    in->template = row_text(r, 13, a);
    in->language = row_text(r, 14, a);
    in->named = row_int(r, 15) != 0;
    in->button = row_int(r, 16) != 0;
    in->coalesce_ms = row_int(r, 18);
    in->coalesce = row_text(r, 19, a);
    in->stale_ms = row_int(r, 20);
    in->replies = (uint8_t)row_int(r, 21);
    in->ttl_ms = row_int(r, 22);
    in->resend_ms = row_int(r, 23);
    in->log = row_text(r, 25, a);
    row_bytes(r, 26, in->approval, INDEX_BYTES);
    return open_instance(r, a, in, e);
}

bool sqlite_take_mapped(struct store *s, size_t most, struct arena *a, struct instance_list *out,
                        struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct id_list damaged = {0};
    struct rows r;
    bool more, ok;

    *out = (struct instance_list){0};
    if (!rows_open(&r, q, &take_mapped, ARGS(INT(most)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        struct instance in = {0};

        if (instance_row(&r, a, &in, e)) {
            *GROW(a, out) = in;
        } else if (e->kind == ERR_INPUT) {
            *GROW(a, &damaged) = in.id;
        } else {
            rows_close(&r);
            return false;
        }
    }
    out->more = out->n + damaged.n == most;
    for (size_t i = 0; ok && i < damaged.n; i++)
        ok = instance_stand(q, damaged.items[i], STANDING_HELD, DAMAGED, e);
    return ok;
}

bool sqlite_find_unit(struct store *s, struct str event_type, struct str unit_key, struct arena *a,
                      struct unit *out, bool *found, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;
    struct str packed;
    bool ok;

    *out = (struct unit){0};
    if (str_eq(event_type, STR("patient/1")) && !merge_survivor(q, unit_key, a, &unit_key, e))
        return false;
    if (!rows_one(&r, q, &find_unit, ARGS(TEXT(event_type), TEXT(unit_key)), found, e))
        return false;
    if (!*found)
        return true;
    row_bytes(&r, 2, out->news, INDEX_BYTES);
    out->told = row_int(&r, 3) != 0;
    ok = row_sealed(&r, 1, event_at("unit", row_int(&r, 0)), a, &packed, e) &&
         event_unpack(packed, a, &out->event, e);
    rows_close(&r);
    return ok && merge_present(q, &out->event, a, e);
}

bool sqlite_save_event(struct store *s, const struct event *ev, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;
    bool known;

    if (!rows_one(&r, q, &find_unit, ARGS(TEXT(ev->type), TEXT(ev->unit_key)), &known, e))
        return false;
    if (!known)
        return err_set(e, ERR_INPUT, 0, "no such unit");
    rows_close(&r);
    return put_unit(q, ev, e);
}

bool sqlite_save_news(struct store *s, struct str event_type, struct str unit_key,
                      const uint8_t news[INDEX_BYTES], struct err *e)
{
    int64_t changed;

    if (!sql_do((struct sqlite *)s, &save_news,
                ARGS(TEXT(event_type), TEXT(unit_key), BYTES(news, INDEX_BYTES)), &changed, e))
        return false;
    return changed == 1 || err_set(e, ERR_INPUT, 0, "no such unit");
}
