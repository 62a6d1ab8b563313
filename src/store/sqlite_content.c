/* Bodies and their ACKs.
 *
 * Both are in one sealed record: how long the ACK is, plus one (4 bytes, big-endian; 0: there is none),
 * the ACK, the body. Rows with joined = 0 are older: two records, each under its own column's name. */
#include "sqlite_store.h"

enum { LENGTH_BYTES = 4 };

static const struct query add_content = {
    "put message", "INSERT INTO content(id, joined, body) VALUES (?1, 1, ?2)"};
static const struct query read_content = {"read an ACK", "SELECT " CONTENT_COLUMNS
                                                         " FROM content c WHERE c.id = ?1"};

static struct seal_place joined_at(int64_t id)
{
    return (struct seal_place){"content", "body+ack", id};
}

bool content_put(struct sqlite *q, const struct message *m, int64_t id, struct err *e)
{
    char *plain = arena_get(&q->scratch, LENGTH_BYTES + m->ack.n + m->body.n, 1);
    const size_t length = m->ack.p ? m->ack.n + 1 : 0;
    struct arg record;

    if (m->ack.n >= UINT32_MAX)
        return err_set(e, ERR_INPUT, 0, "put message: an ACK of %zu bytes", m->ack.n);
    for (int i = 0; i < LENGTH_BYTES; i++)
        plain[i] = (char)(length >> (24 - 8 * i) & 0xff);
    if (m->ack.n)
        memcpy(plain + LENGTH_BYTES, m->ack.p, m->ack.n);
    if (m->body.n)
        memcpy(plain + LENGTH_BYTES + m->ack.n, m->body.p, m->body.n);
    return sealed_arg(q, joined_at(id), (struct str){plain, LENGTH_BYTES + m->ack.n + m->body.n},
                      &record, e) &&
           sql_do(q, &add_content, ARGS(INT(id), record), NULL, e);
}

static bool part(struct str plain, int64_t id, struct str *body, struct str *ack, struct err *e)
{
    const struct str absent = {NULL, 0};
    size_t length = 0, n_ack;

    for (size_t i = 0; i < LENGTH_BYTES && plain.n >= LENGTH_BYTES; i++)
        length = length << 8 | (uint8_t)plain.p[i];
    n_ack = length ? length - 1 : 0;
    if (plain.n < LENGTH_BYTES || n_ack > plain.n - LENGTH_BYTES)
        return err_set(e, ERR_INPUT, 0, "content %lld: not a body with its ACK", (long long)id);
    if (ack)
        *ack = length ? (struct str){plain.p + LENGTH_BYTES, n_ack} : absent;
    if (body)
        *body = (struct str){plain.p + LENGTH_BYTES + n_ack, plain.n - LENGTH_BYTES - n_ack};
    return true;
}

bool content_row(const struct rows *r, int at, int64_t id, struct arena *a, struct str *body,
                 struct str *ack, struct err *e)
{
    struct str plain = {NULL, 0};

    if (row_int(r, at))
        return row_sealed(r, at + 1, joined_at(id), a, &plain, e) && part(plain, id, body, ack, e);
    return (!body ||
            row_sealed(r, at + 1, (struct seal_place){"content", "body", id}, a, body, e)) &&
           (!ack || row_sealed(r, at + 2, (struct seal_place){"content", "ack", id}, a, ack, e));
}

bool content_ack(struct sqlite *q, int64_t id, struct arena *a, struct str *ack, struct err *e)
{
    struct rows r;
    bool found, ok;

    *ack = (struct str){NULL, 0};
    if (!rows_one(&r, q, &read_content, ARGS(INT(id)), &found, e))
        return false;
    if (!found)
        return true;
    ok = content_row(&r, 0, id, a, NULL, ack, e);
    rows_close(&r);
    return ok;
}
