/* What an older version let through has no approval yet: it gets one when the database is brought up to date,
 * once and for all. Whatever has none later was approved by nobody. */
#include "growing.h"
#include "sqlite_store.h"
#include "store/approval.h"

enum { AT_ONCE = 256 };

static const struct query open_notices = {"approve what waits",
                                          "SELECT " NOTICE_COLUMNS " FROM notice WHERE id > ?1"
                                          " AND state IN (1, 2, 3, 4, 8) ORDER BY id LIMIT ?2"};
static const struct query open_instances = {
    "approve what waits",
    "SELECT " INSTANCE_COLUMNS " FROM instance WHERE id > ?1"
    " AND planned = 0 AND standing = 1 AND notifies = 1 ORDER BY id LIMIT ?2"};
static const struct query approve_notice = {"approve what waits",
                                            "UPDATE notice SET approval = ?2 WHERE id = ?1"};
static const struct query approve_instance = {"approve what waits",
                                              "UPDATE instance SET approval = ?2 WHERE id = ?1"};

struct given {
    int64_t id;
    uint8_t approval[INDEX_BYTES];
};

struct given_list {
    struct given *items;
    size_t n;
};

/* One row of either table; *good false: it no longer opens, and will be held as damaged. */
struct table_of {
    const struct query *read, *write;
    bool (*row)(const struct rows *r, struct arena *a, struct given *out, bool *good,
                struct err *e);
};

static bool settled(bool opened, bool *good, const struct err *e)
{
    *good = opened;
    return opened || e->kind == ERR_INPUT;
}

static bool row_of_notice(const struct rows *r, struct arena *a, struct given *out, bool *good,
                          struct err *e)
{
    struct notice n = {0};
    struct approved what;
    bool opened = notice_row(r, a, &n, e);

    out->id = n.id;
    what = approved_of(&n);
    if (opened)
        approval_make(r->q->seal, &what, a, out->approval);
    return settled(opened, good, e);
}

static bool row_of_instance(const struct rows *r, struct arena *a, struct given *out, bool *good,
                            struct err *e)
{
    struct instance in = {0};
    bool opened = instance_row(r, a, &in, e);
    const struct approved what = {
        .feed = in.feed,
        .event_type = in.event.type,
        .unit_key = in.event.unit_key,
        .template = in.template,
        .language = in.language,
        .to = event_value(&in.event, "phone"),
        .link = in.button,
        .named = in.named,
        .params = in.params,
        .n_params = in.n_params,
    };

    out->id = in.id;
    if (opened)
        approval_make(r->q->seal, &what, a, out->approval);
    return settled(opened, good, e);
}

/* The next AT_ONCE rows after *last. */
static bool approve_some(struct sqlite *q, const struct table_of *t, int64_t *last, size_t *n,
                         struct arena *a, struct err *e)
{
    struct given_list all = {0};
    struct rows r;
    bool more, good, ok;

    *n = 0;
    if (!rows_open(&r, q, t->read, ARGS(INT(*last), INT(AT_ONCE)), e))
        return false;
    while ((ok = rows_next(&r, &more, e)) && more) {
        struct given one = {0};

        if (!t->row(&r, a, &one, &good, e)) {
            rows_close(&r);
            return false;
        }
        *last = one.id;
        ++*n;
        if (good)
            *GROW(a, &all) = one;
    }
    for (size_t i = 0; ok && i < all.n; i++)
        ok = sql_do(q, t->write,
                    ARGS(INT(all.items[i].id), BYTES(all.items[i].approval, INDEX_BYTES)), NULL, e);
    return ok;
}

bool approve_older(struct sqlite *q, struct err *e)
{
    static const struct table_of tables[] = {{&open_notices, &approve_notice, row_of_notice},
                                             {&open_instances, &approve_instance, row_of_instance}};
    bool ok = true;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        int64_t last = 0;
        size_t n = AT_ONCE;

        while (ok && n == AT_ONCE) {
            struct arena a = {0};

            ok = approve_some(q, &tables[i], &last, &n, &a, e);
            arena_reset(&a);
        }
    }
    return ok;
}
