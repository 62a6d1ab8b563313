#include "recorder.h"

#include <stdlib.h>

#include "base/container_of.h"
#include "base/log.h"
#include "mllp_conn.h"

enum {
    MINUTE_MS = 60000,
    HOUR_MS = 60 * MINUTE_MS,
    MINUTE_MOST = 10, /* recordings of one receiver in one minute */
    FLYING_MOST = 4,  /* not yet written */
    CONN_MOST = 4,    /* of one connection */
};

struct recording_job {
    struct store_job job;
    struct mllp_receiver *r;
    struct recording recording;
    struct buf bytes;
    char address[sizeof((struct stream *)0)->peer];
};

void mllp_recorder_end(struct mllp_recorder *rec)
{
    seal_memory_free(rec->seal);
}

void mllp_recorder_add(struct mllp_conn *c, struct str bytes)
{
    const struct mllp_receiver_settings *set = &c->r->set;
    struct mllp_recorder *rec = &c->r->recorder;

    if (set->recorder_bytes == 0 || rec->failed)
        return;
    if (!rec->seal)
        rec->seal = seal_memory_new(set->random);
    if (!rec->seal) {
        rec->failed = true;
        log_event(LOG_ERROR, "receive", "%s: no randomness -> nothing is recorded", set->name);
        return;
    }
    mllp_ring_add(&c->ring, rec->seal, bytes, set->recorder_bytes);
}

static bool write_run(struct store_job *j, struct store *s, struct err *e)
{
    struct recording_job *w = container_of(j, struct recording_job, job);

    return s->ops->put_recording(s, &w->recording, w->r->set.recordings_most, e);
}

static void write_done(struct store_job *j)
{
    struct recording_job *w = container_of(j, struct recording_job, job);
    struct mllp_receiver *r = w->r;

    if (j->ok)
        r->counts.recordings++;
    r->recorder.flying--;
    seal_wipe(w->bytes.p, w->bytes.n);
    buf_reset(&w->bytes);
    free(w);
    mllp_receiver_let_go(r);
}

/* True when one more may be written now. */
static bool allowed(struct mllp_conn *c)
{
    struct mllp_recorder *rec = &c->r->recorder;
    uint64_t minute = uv_now(c->r->set.loop) / MINUTE_MS;

    if (rec->minute != minute) {
        rec->minute = minute;
        rec->in_minute = 0;
    }
    return c->r->set.recordings_most > 0 && rec->seal && c->ring.at > c->recorded_to &&
           c->recordings < CONN_MOST && rec->flying < FLYING_MOST && rec->in_minute < MINUTE_MOST;
}

static bool record(struct mllp_conn *c, const char *code)
{
    struct mllp_receiver *r = c->r;
    struct recording_job *w;

    if (!allowed(c))
        return false;
    w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->job = (struct store_job){.run = write_run, .done = write_done, .later = true};
    w->r = r;
    w->bytes = buf_new(r->set.recorder_bytes + (size_t)3 * RING_CHUNK);
    memcpy(w->address, c->stream->peer, sizeof w->address);
    mllp_ring_read(&c->ring, r->recorder.seal, &w->bytes, &w->recording.offset);
    w->recording.listener = str_of(r->set.name);
    w->recording.address = str_of(w->address);
    w->recording.code = str_of(code);
    w->recording.opened_ms = c->opened_ms;
    w->recording.saved_ms = clock_now_ms(r->set.clock);
    w->recording.bytes = buf_str(&w->bytes);
    c->recorded_to = c->ring.at;
    c->recordings++;
    r->recorder.in_minute++;
    r->recorder.flying++;
    r->alive++;
    store_queue_submit(r->set.queue, &w->job);
    return true;
}

void mllp_recorder_tolerated(struct mllp_conn *c, enum hl7_code code)
{
    uint64_t now = uv_now(c->r->set.loop), *last = &c->r->recorder.code_at[code];
    uint64_t bit = (uint64_t)1 << code;

    if (c->codes_seen & bit)
        return;
    c->codes_seen |= bit;
    if ((*last == 0 || now - *last >= HOUR_MS) && record(c, hl7_code_name(code)))
        *last = now + 1;
}

void mllp_recorder_refused(struct mllp_conn *c, const char *code)
{
    (void)record(c, code);
}
