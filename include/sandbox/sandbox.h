/* A look-alike of the WhatsApp Cloud API for demos and tests, with a phone to look at.
 *
 *   GET  /v25.0/{phone-id}            the number, as a sender's probe asks for it
 *   POST /v25.0/{phone-id}/messages   validates what the real one validates, accepts, then sends signed
 *                                     status webhooks in Meta's wire style
 *   POST /__rule                      what happens to the next sends (below)
 *   POST /__tap                      a patient taps a quick reply: {"echo":"a1:…","reply":"confirm"}, and
 *                                     its webhook follows
 *   GET  /__sent                      everything accepted, with counts by echo and by notice
 *   GET  /phone, /phone.json          the simulated handset
 *   GET  /portal                      stands for the hospital's portal, where the links lead; says
 *                                     what a portal does next and leaves the code unspent
 *
 * A rule is one JSON object; every member may be left out:
 *   {"n":1, "code":131056, "http":400, "body":"raw answer", "drop":"before"|"after",
 *    "delay_ms":500, "retry_after":2, "statuses":["delivered","sent","failed:131026"],
 *    "batch":true, "echo":false, "milliseconds":true}
 * code: refused with that error. drop before: nothing is accepted; after: accepted; either way the
 * connection closes without a byte. http or body without code: accepted, then answered like that.
 * delay_ms: the answer comes so much later. statuses, batch (all in one POST), echo (false: without
 * biz_opaque_callback_data), milliseconds: of the webhooks of what is accepted. The rule holds for the
 * next n sends, then the next rule's turn comes. Nothing here is for a network: loopback only. */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <uv.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "feed/feed.h"

struct sandbox;

struct sandbox_settings {
    uv_loop_t *loop;
    const struct clock *clock;
    const struct random_source *random;
    const char *host;                             /* "127.0.0.1" */
    int port;                                     /* 0: a free one */
    const char *phone_number_id;                  /* the business number that may send */
    const struct feed_template *const *templates; /* borrowed until close */
    size_t n_templates;
    const char *webhook_url;     /* NULL: no webhooks until sandbox_set_webhook() */
    struct str app_secret;       /* signs them */
    struct str bearer;           /* the only token taken; absent: any */
    const char *link_base;       /* required; what sandbox_set_link_base() takes */
    const char *const *statuses; /* after each accepted send; NULL: sent, delivered */
    size_t n_statuses;
    size_t max_messages; /* accepted and kept; more are refused with code 4. 0: 10,000 */
};

struct sandbox_tally {
    size_t accepted;
    size_t most_by_echo;   /* largest number of accepts of one biz_opaque_callback_data */
    size_t most_by_notice; /* … of one recipient, template, parameters and link token */
    size_t refused;        /* sends answered with an error */
    size_t hooks_open;     /* status webhooks not answered 200 yet */
};

/* Listens at once. ERR_CONFIG: no link_base, or the address cannot be listened on. */
bool sandbox_open(const struct sandbox_settings *set, struct sandbox **out, struct err *e) MUST_USE;
/* The port it got. */
int sandbox_port(const struct sandbox *s);
/* Where webhooks go from now on; copied. For listeners whose port is known only later. */
void sandbox_set_webhook(struct sandbox *s, const char *url);
/* What the phone's button opens from now on, with the token after it; copied. A {language} in it
 * stands for the template's, as each language of a template may register its own: zh-TW. */
void sandbox_set_link_base(struct sandbox *s, const char *base);
/* The same as POST /__rule. ERR_INPUT: not a rule. */
bool sandbox_rule(struct sandbox *s, struct str json, struct err *e) MUST_USE;
size_t sandbox_accepted(const struct sandbox *s);
struct sandbox_tally sandbox_tally(const struct sandbox *s);
/* Drops webhooks that wait; on_closed(ctx) from the loop, once nothing is left. */
void sandbox_close(struct sandbox *s, void (*on_closed)(void *ctx), void *ctx);

#endif
