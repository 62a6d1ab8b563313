/* Answers: which bytes of the peer are one, and of which message. */
#include "base/container_of.h"
#include "client_impl.h"

enum { GRACE_MS = 250, ACK_BYTE = 0x06 };

static void stray(struct client *c, enum stray s)
{
    c->counts.strays[s]++;
}

static void remember(struct client *c, const struct client_request *r)
{
    struct recent *to = &c->recent[c->n_recent % RECENT];

    if (r->id.n > ID_MOST)
        return;
    memcpy(to->id, r->id.p, r->id.n);
    to->n = r->id.n;
    to->more = r->more && r->code == HL7_CA;
    c->n_recent++;
}

static struct recent *find_recent(struct client *c, struct str id)
{
    for (size_t back = 1; back <= RECENT && back <= c->n_recent; back++) {
        struct recent *at = &c->recent[(c->n_recent - back) % RECENT];

        if (str_eq((struct str){at->id, at->n}, id))
            return at;
    }
    return NULL;
}

static void answered(struct client *c, struct client_request *r, enum hl7_ack_code code,
                     struct str content)
{
    c->counts.answers++;
    r->code = code;
    r->answer = content;
    r->why = "";
    remember(c, r);
    client_finish(c, r, CLIENT_ANSWERED);
    client_watch(c);
}

/* An application acknowledgement after its CA; everything else about an answered message is a stray. */
static void answered_before(struct client *c, struct recent *m, const struct answer *a,
                            struct str content)
{
    bool application = a->code == HL7_AA || a->code == HL7_AE || a->code == HL7_AR;

    if (!m->more || !application) {
        stray(c, STRAY_ANSWERED);
        return;
    }
    m->more = false;
    c->counts.more++;
    if (c->set.on_more)
        c->set.on_more(c->set.ctx, a->id, a->code, content);
}

static void take_answer(struct client *c, struct str content)
{
    struct answer a = {0};
    enum stray s = answer_read(content, &a);
    struct recent *m;

    if (s != STRAY_NONE) {
        stray(c, s);
        return;
    }
    for (struct client_request *r = c->first; r && r->begun; r = r->next) {
        if (str_eq(r->id, a.id)) {
            answered(c, r, a.code, content);
            return;
        }
    }
    m = find_recent(c, a.id);
    if (m)
        answered_before(c, m, &a, content);
    else
        stray(c, c->first && c->first->begun ? STRAY_ID : STRAY_UNASKED);
}

/* MLLP Release 2: the byte has no id, so it can only be of the one message in flight. */
static void take_byte(struct client *c, struct str byte)
{
    struct client_request *r = c->first;

    if (!r || !r->begun || (r->next && r->next->begun)) {
        stray(c, STRAY_BYTE);
        return;
    }
    answered(c, r, byte.p[0] == ACK_BYTE ? HL7_CA : HL7_CE, byte);
}

static void take_event(struct client *c, const struct mllp_event *ev)
{
    if (ev->step == MLLP_FRAME) {
        take_answer(c, ev->content);
        return;
    }
    c->counts.codes[ev->code]++;
    if (ev->code == MLLP_R2_BYTE)
        take_byte(c, ev->content);
    if (ev->step != MLLP_NOTE || ev->code == MLLP_JUNK_BETWEEN || ev->code == MLLP_FRAME_CUT ||
        ev->code == MLLP_EOF_IN_FRAME)
        stray(c, STRAY_FRAME);
    if (ev->step == MLLP_CLOSE || (ev->step == MLLP_REFUSE && ev->last))
        client_give_up(c, "the peer's answers cannot be read");
}

static void on_grace(uv_timer_t *t);

void client_take(struct client *c, struct str data)
{
    struct mllp_event ev;

    while (c->phase == OPEN && mllp_next(&c->framer, &data, &ev) != MLLP_MORE)
        take_event(c, &ev);
    if (c->phase == OPEN && mllp_waits(&c->framer) == MLLP_WAIT_GRACE)
        (void)uv_timer_start(&c->grace, on_grace, GRACE_MS, 0);
    else
        (void)uv_timer_stop(&c->grace);
}

static void on_grace(uv_timer_t *t)
{
    struct client *c = container_of(t, struct client, grace);

    mllp_silence(&c->framer);
    client_take(c, (struct str){"", 0});
}

void client_take_end(struct client *c)
{
    mllp_eof(&c->framer);
    client_take(c, (struct str){"", 0});
}
