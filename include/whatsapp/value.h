/* The rules for single values of a send: what may stand in each place of the grammar of body.h. */
#ifndef WHATSAPP_VALUE_H
#define WHATSAPP_VALUE_H

#include "base/err.h"
#include "base/str.h"
#include "model/notice.h"

bool whatsapp_is_number(struct str s);     /* "+12015550123" */
bool whatsapp_is_echo(struct str s);       /* "a1:01JD3ZK8Q4T0N6W7X8Y9ZABCDE" */
bool whatsapp_is_template(struct str s);   /* "appt_reminder_v3" */
bool whatsapp_is_param_name(struct str s); /* "clinic" */
bool whatsapp_is_language(struct str s);   /* "zh_TW" */
bool whatsapp_is_token(struct str s);      /* URL suffix that needs no percent-encoding */

/* NULL, or the rule that a parameter's text breaks: "a control character" … */
const char *whatsapp_text_fault(struct str s);
/* Characters (code points) of UTF-8 text. */
size_t whatsapp_text_length(struct str s);

/* The word of a quick reply's payload, by the number of its bit: "ok", "rs", "cx". */
const char *whatsapp_reply_word(int bit);
/* "c1.ULID.ok", which names an attempt of ours: fills the echo "a1:ULID". The number of the reply's bit, or
 * -1: not our payload. */
int whatsapp_reply_read(struct str payload, char echo[ECHO_BYTES + 1]);

#endif
