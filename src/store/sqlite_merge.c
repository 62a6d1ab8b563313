/* Record numbers that became one. What is stored keeps the number it came with; whoever reads a unit gets
 * the one that stands for the patient now. Notices and links carry it themselves. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query find_survivor = {
    "find survivor", "SELECT patient_key FROM merged WHERE previous_key = ?1"};
static const struct query newer_merge = {
    "find merge", "SELECT 1 FROM merged WHERE previous_key IN (?1, ?2) AND at_ms > ?3 LIMIT 1"};
static const struct query lift_merge = {"lift merge", "DELETE FROM merged WHERE previous_key = ?1"};
static const struct query add_merge = {
    "merge", "INSERT INTO merged(previous_key, patient_key, at_ms) VALUES (?1, ?2, ?3)"
             " ON CONFLICT DO UPDATE SET patient_key = ?2, at_ms = ?3"};
/* Every chain has one link, so that a look-up is one step. */
static const struct query follow_merge = {
    "merge", "UPDATE merged SET patient_key = ?2 WHERE patient_key = ?1"};
static const struct query rekey_notices = {
    "merge notices", "UPDATE notice SET patient_key = ?2 WHERE patient_key = ?1"
                     " AND state IN (1, 2, 3, 4, 8)"};
static const struct query find_links = {
    "merge links", "SELECT id FROM link WHERE patient_key = ?1 AND code_used_ms IS NULL"
                   " ORDER BY id"};
static const struct query rekey_link = {
    "merge links", "UPDATE link SET patient_key = ?2, patient = coalesce(?3, patient)"
                   " WHERE id = ?1"};

bool merge_survivor(struct sqlite *q, struct str key, struct arena *a, struct str *out,
                    struct err *e)
{
    struct rows r;
    bool found;

    *out = key;
    if (!key.p)
        return true;
    if (!rows_one(&r, q, &find_survivor, ARGS(TEXT(key)), &found, e))
        return false;
    if (found) {
        *out = row_text(&r, 0, a);
        rows_close(&r);
    }
    return true;
}

static struct slot *patient_of(struct event *ev)
{
    for (size_t i = 0; i < ev->n_slots; i++)
        if (str_eq(ev->slots[i].name, STR("patient_key")))
            return &ev->slots[i];
    return NULL;
}

bool merge_present(struct sqlite *q, struct event *ev, struct arena *a, struct err *e)
{
    struct slot *s = patient_of(ev);
    const struct slot *own;
    struct unit patient;
    struct str key;
    bool known;

    if (!s || str_eq(ev->type, STR("patient/1")))
        return true;
    if (!merge_survivor(q, s->value, a, &key, e))
        return false;
    if (str_eq(key, s->value))
        return true;
    s->value = key;
    if (!sqlite_find_unit(&q->store, STR("patient/1"), key, a, &patient, &known, e))
        return false;
    own = known ? event_slot(&patient.event, STR("patient_key")) : NULL;
    if (own)
        s->raw = own->raw;
    return true;
}

/* The portal knows the patient by the number that stays. */
static bool rekey_links(struct sqlite *q, struct str previous, struct str key, struct str raw,
                        struct err *e)
{
    struct id_list all = {0};
    struct rows r;
    bool more, ok;

    if (!rows_open(&r, q, &find_links, ARGS(TEXT(previous)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(&q->scratch, &all) = row_int(&r, 0);
    for (size_t i = 0; ok && i < all.n; i++) {
        struct arg patient;

        ok =
            sealed_arg(q, (struct seal_place){"link", "patient", all.items[i]}, raw, &patient, e) &&
            sql_do(q, &rekey_link, ARGS(INT(all.items[i]), TEXT(key), patient), NULL, e);
    }
    return ok;
}

bool sqlite_merge_patients(struct store *s, struct str previous, struct str key, struct str raw,
                           int64_t at_ms, bool *merged, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    struct rows r;
    bool newer;

    *merged = false;
    if (str_eq(previous, key))
        return true;
    if (!rows_one(&r, q, &newer_merge, ARGS(TEXT(previous), TEXT(key), INT(at_ms)), &newer, e))
        return false;
    if (newer) {
        rows_close(&r);
        return true;
    }
    *merged = true;
    return sql_do(q, &lift_merge, ARGS(TEXT(key)), NULL, e) &&
           sql_do(q, &follow_merge, ARGS(TEXT(previous), TEXT(key)), NULL, e) &&
           sql_do(q, &add_merge, ARGS(TEXT(previous), TEXT(key), INT(at_ms)), NULL, e) &&
           sql_do(q, &rekey_notices, ARGS(TEXT(previous), TEXT(key)), NULL, e) &&
           rekey_links(q, previous, key, raw, e);
}
