/* Statuses of webhooks, as they came. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query add_status = {
    "put status", "INSERT INTO status(wamid, name, echo, error_code, at_ms, received_ms)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING"};
static const struct query find_statuses = {
    "find statuses", "SELECT wamid, name, echo, error_code, at_ms, received_ms FROM status"
                     " WHERE wamid = ?1 OR echo = ?2 ORDER BY id"};

bool sqlite_put_status(struct store *s, const struct status *st, bool *fresh, struct err *e)
{
    int64_t changed;

    if (!sql_do((struct sqlite *)s, &add_status,
                ARGS(BYTES(st->wamid, INDEX_BYTES), TEXT(st->name), TEXT(st->echo),
                     INT(st->error_code), INT(st->at_ms), INT(st->received_ms)),
                &changed, e))
        return false;
    *fresh = changed == 1;
    return true;
}

bool sqlite_find_statuses(struct store *s, const uint8_t wamid[INDEX_BYTES], struct str echo,
                          struct arena *a, struct status_list *out, struct err *e)
{
    struct rows r;
    bool more;

    *out = (struct status_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &find_statuses,
                   ARGS(BYTES(wamid, INDEX_BYTES), TEXT(echo)), e))
        return false;
    while (rows_next(&r, &more, e)) {
        struct status *st;

        if (!more)
            return true;
        st = GROW(a, out);
        row_bytes(&r, 0, st->wamid, INDEX_BYTES);
        st->name = row_text(&r, 1, a);
        st->echo = row_text(&r, 2, a);
        st->error_code = (int32_t)row_int(&r, 3);
        st->at_ms = row_int(&r, 4);
        st->received_ms = row_int(&r, 5);
    }
    return false;
}
