/* What `tidings send` prints, and what it comes to: a line a message, or with --json an object a line. */
#ifndef CLI_SEND_SHOW_H
#define CLI_SEND_SHOW_H

#include "post.h"
#include "send_plan.h"

struct send_show {
    bool json, faults;
    const char *to;
    bool named; /* the peer's certificate was shown */
    bool unreachable;
    size_t sent, accepted, refused, as_expected;
};

/* Once: who answers, by the certificate. NULL: nothing is shown. */
void send_show_peer(struct send_show *s, const struct tls_peer *peer);
void send_show_answer(struct send_show *s, const struct shot *shot, const struct post *p);
/* An application acknowledgement that came after its CA; those that did not come in time. */
void send_show_more(struct send_show *s, struct str id, const char *code, bool accepted);
void send_show_missing(struct send_show *s, size_t n);
/* The sum; returns the exit code. */
int send_show_end(const struct send_show *s);

#endif
