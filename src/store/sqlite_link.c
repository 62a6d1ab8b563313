/* Links and the one-time codes they turn into. */
#include "sqlite_store.h"

static const struct query add_link = {
    "put link", "INSERT INTO link(id, token_hash, notice_id, event_type, unit_key, patient_key,"
                " patient, resource, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"};
static const struct query revoke = {
    "revoke links", "UPDATE link SET revoked_ms = ?3 WHERE event_type = ?1 AND unit_key = ?2"
                    " AND revoked_ms IS NULL AND redeemed_ms IS NULL"};
/* As of the attempt that got through: the store has no clock. */
static const struct query replace = {
    "replace links", "UPDATE link SET revoked_ms ="
                     " coalesce((SELECT max(started_ms) FROM attempt WHERE notice_id = ?3), 0)"
                     " WHERE event_type = ?1 AND unit_key = ?2 AND notice_id < ?3"
                     " AND revoked_ms IS NULL AND redeemed_ms IS NULL"};
static const struct query redeem = {
    "open link", "UPDATE link SET redeemed_ms = ?2, code_hash = ?3, code_expires_ms = ?4"
                 " WHERE token_hash = ?1 AND revoked_ms IS NULL AND redeemed_ms IS NULL"
                 " AND expires_ms > ?2"};
static const struct query use_code = {
    "use code", "UPDATE link SET code_used_ms = ?2 WHERE code_hash = ?1 AND code_used_ms IS NULL"
                " AND code_expires_ms > ?2 RETURNING id, event_type, unit_key, patient_key,"
                " patient, resource"};

static struct seal_place at(const char *column, int64_t id)
{
    return (struct seal_place){"link", column, id};
}

bool link_put(struct sqlite *q, const struct link_new *link, struct err *e)
{
    struct arg patient, resource;
    int64_t id;

    return next_id(q, T_LINK, &id, e) &&
           sealed_arg(q, at("patient", id), link->patient, &patient, e) &&
           sealed_arg(q, at("resource", id), link->resource, &resource, e) &&
           sql_do(q, &add_link,
                  ARGS(INT(id), BYTES(link->token_hash, SEAL_HASH_BYTES), INT(link->notice_id),
                       TEXT(link->event_type), TEXT(link->unit_key), TEXT(link->patient_key),
                       patient, resource, INT(link->expires_ms)),
                  NULL, e);
}

bool sqlite_revoke_links(struct store *s, struct str event_type, struct str unit_key,
                         int64_t now_ms, struct err *e)
{
    return sql_do((struct sqlite *)s, &revoke, ARGS(TEXT(event_type), TEXT(unit_key), INT(now_ms)),
                  NULL, e);
}

bool links_replace(struct sqlite *q, int64_t notice_id, struct str event_type, struct str unit_key,
                   struct err *e)
{
    return sql_do(q, &replace, ARGS(TEXT(event_type), TEXT(unit_key), INT(notice_id)), NULL, e);
}

bool sqlite_open_link(struct store *s, const uint8_t token_hash[SEAL_HASH_BYTES], int64_t now_ms,
                      const uint8_t code_hash[SEAL_HASH_BYTES], int64_t code_expires_ms, bool *ok,
                      struct err *e)
{
    int64_t changed;

    if (!sql_do((struct sqlite *)s, &redeem,
                ARGS(BYTES(token_hash, SEAL_HASH_BYTES), INT(now_ms),
                     BYTES(code_hash, SEAL_HASH_BYTES), INT(code_expires_ms)),
                &changed, e))
        return false;
    *ok = changed == 1;
    return true;
}

bool sqlite_use_code(struct store *s, const uint8_t code_hash[SEAL_HASH_BYTES], int64_t now_ms,
                     struct arena *a, struct link_target *out, bool *ok, struct err *e)
{
    struct rows r;
    int64_t id;
    bool opened;

    *out = (struct link_target){0};
    if (!rows_one(&r, (struct sqlite *)s, &use_code,
                  ARGS(BYTES(code_hash, SEAL_HASH_BYTES), INT(now_ms)), ok, e))
        return false;
    if (!*ok)
        return true;
    id = row_int(&r, 0);
    out->event_type = row_text(&r, 1, a);
    out->unit_key = row_text(&r, 2, a);
    out->patient_key = row_text(&r, 3, a);
    opened = row_sealed(&r, 4, at("patient", id), a, &out->patient, e) &&
             row_sealed(&r, 5, at("resource", id), a, &out->resource, e);
    rows_close(&r);
    return opened;
}
