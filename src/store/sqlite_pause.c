/* Feeds whose notices stay where they are until a person acts: one property each. */
#include "growing.h"
#include "sqlite_store.h"

#define NAME "'paused ' || ?1"

static const struct query pause = {
    "pause feed", "INSERT OR IGNORE INTO property(name, value) VALUES (" NAME ", ?2)"};
static const struct query resume = {"resume feed", "DELETE FROM property WHERE name = " NAME};
static const struct query list = {"list paused feeds",
                                  "SELECT substr(name, 8), value FROM property"
                                  " WHERE name > 'paused ' AND name < 'paused!' ORDER BY name"};

bool sqlite_pause_feed(struct store *s, struct str feed, struct str reason, struct err *e)
{
    return sql_do((struct sqlite *)s, &pause, ARGS(TEXT(feed), BLOB(reason)), NULL, e);
}

bool sqlite_resume_feed(struct store *s, struct str feed, bool *was, struct err *e)
{
    int64_t changed;

    if (!sql_do((struct sqlite *)s, &resume, ARGS(TEXT(feed)), &changed, e))
        return false;
    *was = changed > 0;
    return true;
}

bool sqlite_list_paused(struct store *s, struct arena *a, struct pause_list *out, struct err *e)
{
    struct rows r;
    bool more, ok;

    *out = (struct pause_list){0};
    if (!rows_open(&r, (struct sqlite *)s, &list, NULL, 0, e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more)
        *GROW(a, out) = (struct pause){row_text(&r, 0, a), row_text(&r, 1, a)};
    return ok;
}
