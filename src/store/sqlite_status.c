/* Statuses of webhooks, as they came. */
#include <stdio.h>

#include "growing.h"
#include "sqlite_store.h"

static const struct query add_status = {
    "put status", "INSERT INTO status(wamid, name, echo, error_code, at_ms, received_ms)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING"};
static const struct query find_statuses = {
    "find statuses", "SELECT wamid, name, echo, error_code, at_ms, received_ms FROM status"
                     " WHERE wamid = ?1 OR echo = ?2 ORDER BY id"};

static const struct query last_status = {"last status",
                                         "SELECT received_ms FROM status ORDER BY id DESC LIMIT 1"};
static const struct query count_replies = {
    "count replies", "SELECT count(*) FROM status INDEXED BY status_reply"
                     " WHERE name >= 'reply_' AND name < 'reply`' AND name = ?1"};

bool sqlite_last_status(struct store *s, int64_t *received_ms, struct err *e)
{
    struct rows r;
    bool found;

    *received_ms = 0;
    if (!rows_one(&r, (struct sqlite *)s, &last_status, NULL, 0, &found, e))
        return false;
    if (found) {
        *received_ms = row_int(&r, 0);
        rows_close(&r);
    }
    return true;
}

bool sqlite_count_replies(struct store *s, int64_t out[QUICK_REPLIES], struct err *e)
{
    for (int i = 0; i < QUICK_REPLIES; i++) {
        char name[16];
        struct rows r;
        bool found;

        (void)snprintf(name, sizeof name, "reply_%s", quick_reply_name(i));
        if (!rows_one(&r, (struct sqlite *)s, &count_replies, ARGS(TEXT(str_of(name))), &found, e))
            return false;
        out[i] = row_int(&r, 0);
        rows_close(&r);
    }
    return true;
}

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
