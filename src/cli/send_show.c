#include "send_show.h"

#include <stdio.h>

#include "base/encode.h"
#include "cli/args.h"

/* Printable ASCII only: what a peer says is not for a terminal to obey. */
static void printable(struct str s, char *out, size_t size)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && n + 1 < size; i++)
        out[n++] = s.p[i] >= ' ' && s.p[i] < 127 ? s.p[i] : '?';
    out[n] = '\0';
}

static void add_member(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, ",\"%s\":", name);
    (void)json_add_string(b, str_of(value));
}

static void print_line(struct buf *b)
{
    (void)printf("%s\n", b->p);
    (void)fflush(stdout);
    buf_reset(b);
}

void send_show_peer(struct send_show *s, const struct tls_peer *peer)
{
    char name[TLS_NAME_MOST] = "(no name)";

    if (s->named || !peer)
        return;
    s->named = true;
    if (peer->n_names)
        printable(str_of(peer->names[0]), name, sizeof name);
    if (!s->json)
        (void)printf("%s  TLS, %s\n", s->to, name);
}

static bool is_refusal(const struct post *p)
{
    return p->how == POST_ANSWERED && (strcmp(p->code, "AE") == 0 || strcmp(p->code, "CE") == 0);
}

static bool is_closed(const struct post *p)
{
    return p->how == POST_UNKNOWN && !p->late;
}

static bool is_expected(enum expectation x, const struct post *p)
{
    switch (x) {
    case EXPECT_ACCEPTED:
        return p->accepted;
    case EXPECT_REFUSED:
        return is_refusal(p);
    case EXPECT_CLOSED:
        return is_closed(p);
    case EXPECT_NO_TAKING:
        return is_refusal(p) || is_closed(p);
    }
    return false;
}

static const char *why_text(const struct post *p, bool silence)
{
    if (p->how == POST_UNSENT)
        return "not sent";
    if (silence)
        return "nothing, as MSH-15 and MSH-16 allow";
    return p->late ? "no answer in time" : "closed without an answer";
}

static void add_answer(struct buf *b, const struct post *p, bool silence)
{
    if (p->how == POST_ANSWERED)
        buf_printf(b, "%s %lld ms%s%s", p->code, (long long)p->took_ms, p->text[0] ? "   " : "",
                   p->text);
    else
        buf_printf(b, "%s%s%s", why_text(p, silence), p->how == POST_UNSENT ? ": " : "",
                   p->how == POST_UNSENT ? p->why : "");
}

static void show_json(const struct shot *shot, const struct post *p, bool met)
{
    static const char *const hows[] = {
        [POST_ANSWERED] = "answered", [POST_UNKNOWN] = "unknown", [POST_UNSENT] = "unsent"};
    struct buf b = buf_new(4096);

    buf_add(&b, STR("{\"type\":"));
    (void)json_add_string(&b, str_of(shot->sample.type));
    add_member(&b, "id", shot->sample.id);
    buf_printf(&b, ",\"bytes\":%zu", shot->fault ? shot->script.bytes.n : shot->sample.body.n);
    if (shot->fault) {
        add_member(&b, "fault", fault_name(shot->fault));
        add_member(&b, "expected", expectation_text(fault_expects(shot->fault)));
        buf_printf(&b, ",\"as_expected\":%s", met ? "true" : "false");
    }
    add_member(&b, "outcome", hows[p->how]);
    add_member(&b, "code", p->code);
    add_member(&b, "text", p->how == POST_ANSWERED ? p->text : p->why);
    buf_printf(&b, ",\"accepted\":%s,\"ms\":%lld}", p->accepted ? "true" : "false",
               (long long)p->took_ms);
    print_line(&b);
}

static void show_human(const struct shot *shot, const struct post *p, bool met, bool silence)
{
    struct buf b = buf_new(4096);

    buf_printf(&b, "-> %s %s  %zu B   ", shot->sample.type, shot->sample.id,
               shot->fault ? shot->script.bytes.n : shot->sample.body.n);
    if (shot->fault)
        buf_printf(&b, "%s   ", fault_name(shot->fault));
    buf_add(&b, STR("<- "));
    add_answer(&b, p, silence);
    if (shot->fault)
        buf_printf(&b, "   %s %s", met ? "as expected:" : "NOT as expected:",
                   expectation_text(fault_expects(shot->fault)));
    print_line(&b);
}

void send_show_answer(struct send_show *s, const struct shot *shot, const struct post *p)
{
    bool silence = shot->sample.silent && p->how == POST_UNKNOWN && p->late;
    bool met = shot->fault ? is_expected(fault_expects(shot->fault), p) : p->accepted || silence;

    s->sent += p->how != POST_UNSENT;
    s->accepted += p->accepted || silence;
    s->refused += !p->accepted && !silence;
    s->as_expected += met;
    s->unreachable = s->unreachable || p->how == POST_UNSENT;
    if (s->json)
        show_json(shot, p, met);
    else
        show_human(shot, p, met, silence);
}

void send_show_more(struct send_show *s, struct str id, const char *code, bool accepted)
{
    struct buf b = buf_new(1024);
    char shown[200];

    printable(id, shown, sizeof shown);
    s->refused += !accepted;
    if (s->json) {
        buf_add(&b, STR("{\"application\":"));
        (void)json_add_string(&b, str_of(code));
        add_member(&b, "id", shown);
        buf_add(&b, STR("}"));
    } else {
        buf_printf(&b, "   %s   <- %s  application acknowledgement", shown, code);
    }
    print_line(&b);
}

void send_show_missing(struct send_show *s, size_t n)
{
    s->refused += n;
    if (!s->json)
        (void)printf("   %zu application acknowledgements did not come in time\n", n);
}

int send_show_end(const struct send_show *s)
{
    size_t all = s->accepted + s->refused;
    bool good = s->faults ? s->as_expected == all : s->refused == 0;

    if (s->json) {
        (void)printf("{\"sent\":%zu,\"accepted\":%zu,\"not\":%zu", s->sent, s->accepted,
                     s->refused);
        if (s->faults)
            (void)printf(",\"as_expected\":%zu", s->as_expected);
        (void)printf("}\n");
    } else {
        (void)printf("%zu sent, %zu accepted, %zu not", s->sent, s->accepted, s->refused);
        if (s->faults)
            (void)printf("; %zu of %zu as expected", s->as_expected, all);
        (void)printf("\n");
    }
    if (s->unreachable)
        return EXIT_REACH;
    return good ? EXIT_YES : EXIT_NO;
}
