/* The sequence number of each sender. */
#include "sqlite_store.h"

static const struct query get_sequence = {
    "get sequence", "SELECT known, last, frozen FROM sequence WHERE key = ?1"};
static const struct query put_sequence = {
    "put sequence", "INSERT OR REPLACE INTO sequence(key, known, last, frozen)"
                    " VALUES (?1, ?2, ?3, ?4)"};

bool sqlite_get_sequence(struct store *s, const uint8_t key[INDEX_BYTES], struct sequence *out,
                         struct err *e)
{
    struct rows r;
    bool found;

    *out = (struct sequence){0};
    if (!rows_one(&r, (struct sqlite *)s, &get_sequence, ARGS(BYTES(key, INDEX_BYTES)), &found, e))
        return false;
    if (found) {
        *out = (struct sequence){row_int(&r, 0) != 0, row_int(&r, 1), row_int(&r, 2) != 0};
        rows_close(&r);
    }
    return true;
}

bool sqlite_put_sequence(struct store *s, const uint8_t key[INDEX_BYTES], const struct sequence *in,
                         struct err *e)
{
    return sql_do((struct sqlite *)s, &put_sequence,
                  ARGS(BYTES(key, INDEX_BYTES), INT(in->known), INT(in->last), INT(in->frozen)),
                  NULL, e);
}
