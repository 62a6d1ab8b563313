#include "peers.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "receive/mllp.h"

enum {
    ROWS_MOST = 1000,  /* not yet written */
    OTHERS_MOST = 128, /* more, one a code */
    SLOTS = 4096,      /* a power of two, well above both */
};

struct peer_row {
    struct peer_who who;
    const char *code;
    uint64_t n, offset;
    int64_t first_ms, last_ms;
};

#define NAME(c) [c] = #c

const char *peer_refusal_name(enum hl7_condition c)
{
    static const char *const names[HL7_CONDITIONS] = {
        NAME(HL7_COMMITTED),      NAME(HL7_BAD_TYPE),     NAME(HL7_BAD_EVENT),
        NAME(HL7_BAD_PROCESSING), NAME(HL7_BAD_VERSION),  NAME(HL7_NO_ID),
        NAME(HL7_ID_BYTES),       NAME(HL7_LONG_FIELD),   NAME(HL7_BAD_FRAME),
        NAME(HL7_BAD_SYNTAX),     NAME(HL7_BAD_CHARSET),  NAME(HL7_OVER_LIMIT),
        NAME(HL7_IN_BATCH),       NAME(HL7_BUSY),         NAME(HL7_NOT_BOUND),
        NAME(HL7_MISSING_FIELD),  NAME(HL7_SEQUENCE),     NAME(HL7_WRONG_COUNT),
        NAME(HL7_NOT_MAPPED),     NAME(HL7_FEED_REFUSED),
    };

    return names[c];
}

void peer_name(const char *listed, char out[PEER_NAME_BYTES + 1])
{
    size_t n = listed ? strnlen(listed, PEER_NAME_BYTES + 1) : 0;

    if (n > PEER_NAME_BYTES) {
        n = PEER_NAME_BYTES;
        while (n > 0 && ((unsigned char)listed[n] & 0xC0) == 0x80) /* a character stays whole */
            n--;
    }
    if (n)
        memcpy(out, listed, n);
    out[n] = '\0';
}

void mllp_peers_init(struct mllp_peers *p, const struct mllp_receiver_settings *set)
{
    *p = (struct mllp_peers){
        .listener = set->name, .clock = set->clock, .queue = set->queue, .most = set->peers_most};
}

static bool same(const struct peer_row *row, const struct peer_who *who, const char *code)
{
    return row->code == code && strcmp(row->who.address, who->address) == 0 &&
           strcmp(row->who.application, who->application) == 0 &&
           strcmp(row->who.facility, who->facility) == 0;
}

/* FNV-1a. Names made to collide only make it the walk over all rows. */
static uint64_t hash(uint64_t h, const char *s)
{
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001B3u;
    return (h ^ 0xFF) * 0x100000001B3u;
}

/* Where it is, or would be. */
static uint16_t *slot(struct mllp_peers *p, const struct peer_who *who, const char *code)
{
    uint64_t h = hash(hash(hash(0xCBF29CE484222325u, who->address), who->application), code);
    size_t i = (size_t)(hash(h, who->facility) % SLOTS);

    while (p->slots[i] && !same(&p->rows[p->slots[i] - 1], who, code))
        i = (i + 1) % SLOTS;
    return &p->slots[i];
}

static void make_room(struct mllp_peers *p)
{
    if (p->rows)
        return;
    p->rows = calloc(ROWS_MOST + OTHERS_MOST, sizeof *p->rows);
    p->slots = calloc(SLOTS, sizeof *p->slots);
    if (!p->rows || !p->slots)
        abort();
}

static void add(struct mllp_peers *p, const struct peer_row *what)
{
    static const struct peer_who other = {.address = "(other)"};
    const struct peer_who *who = &what->who;
    struct peer_row *row;
    uint16_t *at;

    make_room(p);
    at = slot(p, who, what->code);
    if (!*at && p->n >= ROWS_MOST) {
        who = &other;
        at = slot(p, who, what->code);
    }
    if (!*at && p->n >= ROWS_MOST + OTHERS_MOST)
        return;
    if (!*at) {
        row = &p->rows[p->n++];
        *row = *what;
        row->who = *who;
        *at = (uint16_t)p->n;
        return;
    }
    row = &p->rows[*at - 1];
    row->n += what->n;
    if (what->last_ms >= row->last_ms) {
        row->last_ms = what->last_ms;
        row->offset = what->offset;
    }
    if (what->first_ms < row->first_ms)
        row->first_ms = what->first_ms;
}

void mllp_peers_add(struct mllp_peers *p, const struct peer_who *who, const char *code, uint64_t n,
                    uint64_t offset)
{
    int64_t now = clock_now_ms(p->clock);
    struct peer_row what = {*who, code, n, offset, now, now};

    if (p->most > 0)
        add(p, &what);
}

static void free_flying(struct mllp_peers *p)
{
    free(p->flying);
    free(p->notes);
    p->flying = NULL;
    p->notes = NULL;
    p->n_flying = 0;
}

static bool flush_run(struct store_job *j, struct store *s, struct err *e)
{
    struct mllp_peers *p = container_of(j, struct mllp_peers, job);

    return s->ops->add_peer_notes(s, p->notes, p->n_flying, p->most, e);
}

static void flush_done(struct store_job *j)
{
    struct mllp_peers *p = container_of(j, struct mllp_peers, job);

    p->busy = false;
    for (size_t i = 0; !j->ok && !p->ending && i < p->n_flying; i++)
        add(p, &p->flying[i]); /* with the next ones */
    free_flying(p);
    if (p->ending)
        mllp_peers_end(p, p->on_ended, p->ctx);
}

void mllp_peers_flush(struct mllp_peers *p)
{
    if (p->busy || p->n == 0)
        return;
    p->notes = calloc(p->n, sizeof *p->notes);
    if (!p->notes)
        abort();
    p->flying = p->rows;
    p->n_flying = p->n;
    p->rows = NULL;
    free(p->slots);
    p->slots = NULL;
    p->n = 0;
    for (size_t i = 0; i < p->n_flying; i++) {
        const struct peer_row *row = &p->flying[i];

        p->notes[i] = (struct peer_note){.listener = str_of(p->listener),
                                         .address = str_of(row->who.address),
                                         .application = str_of(row->who.application),
                                         .facility = str_of(row->who.facility),
                                         .code = str_of(row->code),
                                         .n = row->n,
                                         .offset = row->offset,
                                         .first_ms = row->first_ms,
                                         .last_ms = row->last_ms};
    }
    p->busy = true;
    p->job = (struct store_job){.run = flush_run, .done = flush_done, .later = true};
    store_queue_submit(p->queue, &p->job);
}

void mllp_peers_end(struct mllp_peers *p, void (*on_ended)(void *ctx), void *ctx)
{
    p->ending = true;
    p->on_ended = on_ended;
    p->ctx = ctx;
    mllp_peers_flush(p);
    if (!p->busy)
        on_ended(ctx);
}
