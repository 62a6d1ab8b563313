#include "diff_replay.h"

#include "net/clock.h"
#include "samples/source.h"

/* ---- the store ---- */

/* A message of the feed, whole. *there false: another one, a part, or its bytes no longer open. */
static bool read_one(const struct diff_source *from, int64_t id, struct str feed, struct arena *a,
                     struct message *out, bool *there, struct err *e)
{
    struct store *s = from->people->store;

    *there = false;
    if (!s->ops->read_message(s, id, a, out, e))
        return e->kind == ERR_INPUT;
    *there = str_eq(out->feed, feed) && !out->is_part && out->body.p;
    return true;
}

static bool newest_id(const struct diff_source *from, int64_t *out, struct err *e)
{
    struct store *s = from->people->store;
    struct trace_list recent;
    struct arena a = {0};
    bool ok = s->ops->list_recent(s, 1, &a, &recent, e);

    *out = ok && recent.n ? recent.items[0].message_id : 0;
    arena_reset(&a);
    return ok;
}

/* The ids of the last `most` messages of the feed, newest first. */
static bool find_ids(const struct diff_source *from, struct str feed, int64_t *ids, size_t *n,
                     struct err *e)
{
    int64_t id;

    *n = 0;
    if (!newest_id(from, &id, e))
        return false;
    for (; id > 0 && *n < from->most; id--) {
        struct arena a = {0};
        struct message m;
        bool there, ok = read_one(from, id, feed, &a, &m, &there, e);

        arena_reset(&a);
        if (!ok)
            return false;
        if (there)
            ids[(*n)++] = id;
    }
    return true;
}

static bool add_stored(const struct diff_source *from, int64_t id, struct str feed,
                       const uint8_t key[SEAL_KEY_BYTES], struct feed_replay *r, struct err *e)
{
    struct arena a = {0};
    struct message m;
    bool there, ok = read_one(from, id, feed, &a, &m, &there, e);

    if (ok && there) {
        const struct feed_input in = {
            .kind = m.kind,
            .body = m.body,
            .charset = m.charset,
            .fallback = m.fallback,
            .received_ms = m.received_ms,
            .key = {(const char *)key, SEAL_KEY_BYTES},
        };

        ok = feed_replay_add(r, arena_printf(&a, "%lld", (long long)id), &in, e);
    }
    arena_reset(&a);
    return ok;
}

static bool replay_store(const struct diff_source *from, struct str feed, struct feed_replay *r,
                         struct err *e)
{
    uint8_t key[SEAL_KEY_BYTES];
    struct arena a = {0};
    int64_t *ids = NEW_ARRAY(&a, int64_t, from->most + 1);
    size_t n = 0;
    bool ok = find_ids(from, feed, ids, &n, e);

    seal_derive(from->people->seal, "pseudonym", key);
    while (ok && n > 0)
        ok = add_stored(from, ids[--n], feed, key, r, e);
    seal_wipe(key, sizeof key);
    arena_reset(&a);
    return ok;
}

/* ---- samples ---- */

struct sample_list {
    struct feed_input *items;
    struct str *ids;
    size_t n, room;
    struct arena arena;
};

static void add_sample(struct sample_list *all, struct str id, const struct piece *p)
{
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 64;
        struct feed_input *items = NEW_ARRAY(&all->arena, struct feed_input, room);
        struct str *ids = NEW_ARRAY(&all->arena, struct str, room);

        if (all->n) {
            memcpy(items, all->items, all->n * sizeof *items);
            memcpy(ids, all->ids, all->n * sizeof *ids);
        }
        all->items = items;
        all->ids = ids;
        all->room = room;
    }
    all->ids[all->n] = id;
    all->items[all->n++] = (struct feed_input){
        .kind = p->kind == PIECE_FHIR ? MESSAGE_FHIR : MESSAGE_HL7,
        .body = p->bytes,
        .received_ms = clock_now_ms(&clock_system),
        .key = STR("tidings-test-key"),
    };
}

/* "booking.hl7"; "day.hl7#2" for the second message of a file with several. */
static bool add_file(struct sample_list *all, const char *file, struct err *e)
{
    struct pieces pieces;
    struct str bytes = STR(""), name = str_of(file);
    size_t nth = 0;

    if (!source_read(file, &all->arena, &bytes, e) || !source_split(bytes, &all->arena, &pieces, e))
        return false;
    for (size_t i = 0; i < pieces.n; i++) {
        const struct piece *p = &pieces.items[i];

        if (p->kind != PIECE_HL7 && p->kind != PIECE_FHIR)
            continue;
        if (nth++ == 0)
            add_sample(all, arena_copy(&all->arena, name), p);
        else
            add_sample(all, arena_printf(&all->arena, STR_FMT "#%zu", STR_ARG(name), nth), p);
    }
    return true;
}

static bool replay_samples(const struct diff_source *from, struct feed_replay *r, struct err *e)
{
    struct sample_list all = {.n = 0};
    const char *const *files = NULL;
    size_t n = 0;
    bool ok = source_files(from->samples, &all.arena, &files, &n, e);

    for (size_t i = 0; ok && i < n; i++)
        ok = add_file(&all, files[i], e);
    for (size_t i = from->most && all.n > from->most ? all.n - from->most : 0; ok && i < all.n; i++)
        ok = feed_replay_add(r, all.ids[i], &all.items[i], e);
    arena_reset(&all.arena);
    return ok;
}

bool diff_replay(const struct diff_source *from, struct str feed, struct feed_replay *r,
                 struct err *e)
{
    return from->samples ? replay_samples(from, r, e) : replay_store(from, feed, r, e);
}
