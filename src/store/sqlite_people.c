/* What people ask: the balance, and what became of the latest messages. */
#include "growing.h"
#include "sqlite_store.h"

static const struct query read_tally = {"read the ledger", "SELECT line, n FROM tally"};
static const struct query list_recent = {
    "list recent", "SELECT m.id, m.received_ms, m.feed, m.type, i.rule, i.reason, i.template,"
                   " i.language, coalesce(i.standing, m.standing)"
                   " FROM message m LEFT JOIN instance i ON i.message_id = m.id"
                   " ORDER BY m.id DESC, i.id LIMIT ?1"};

bool sqlite_ledger(struct store *s, struct ledger *out, struct err *e)
{
    struct sqlite *q = (struct sqlite *)s;
    int64_t lines[LINES];
    struct rows r;
    bool more, ok;

    memcpy(lines, q->change, sizeof lines); /* of this transaction, not yet in the table */
    if (!rows_open(&r, q, &read_tally, NULL, 0, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        int64_t line = row_int(&r, 0);

        if (line >= 0 && line < LINES)
            lines[line] += row_int(&r, 1);
    }
    *out = (struct ledger){
        .acked = lines[LINE_ACKED],
        .notified = lines[STANDING_NOTIFIED],
        .recorded = lines[STANDING_RECORDED],
        .dropped = lines[STANDING_DROPPED],
        .held = lines[STANDING_HELD],
        .rejected = lines[STANDING_REJECTED],
        .duplicate = lines[LINE_DUPLICATE],
        .pending = lines[STANDING_PENDING],
    };
    return ok;
}

bool sqlite_list_recent(struct store *s, size_t most, struct arena *a, struct trace_list *out,
                        struct err *e)
{
    struct rows r;
    bool more;

    *out = (struct trace_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &list_recent, ARGS(INT(most)), e))
        return false;
    while (rows_next(&r, &more, e)) {
        struct trace *t;

        if (!more)
            return true;
        t = GROW(a, out);
        t->message_id = row_int(&r, 0);
        t->received_ms = row_int(&r, 1);
        t->feed = row_text(&r, 2, a);
        t->type = row_text(&r, 3, a);
        t->rule = row_text(&r, 4, a);
        t->reason = row_text(&r, 5, a);
        t->template = row_text(&r, 6, a);
        t->language = row_text(&r, 7, a);
        t->standing = (enum standing)row_int(&r, 8);
        if (!t->reason.p && t->standing == STANDING_DROPPED)
            t->reason = STR("no rule");
    }
    return false;
}
