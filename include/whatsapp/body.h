/* The one request body Tidings sends: a template message, from a closed grammar.
 *
 *   {"messaging_product":"whatsapp","recipient_type":"individual","to":TO,"type":"template",
 *    "biz_opaque_callback_data":ECHO,
 *    "template":{"name":NAME,"language":{"code":CODE},"components":[BODY,BUTTON,REPLY,…]}}
 *
 *   BODY    {"type":"body","parameters":[PARAM,…]}               left out without parameters
 *   PARAM   {"type":"text","parameter_name":NAME,"text":TEXT}    parameter_name: format NAMED only
 *   BUTTON  {"type":"button","sub_type":"url","index":"0",
 *            "parameters":[{"type":"text","text":TOKEN}]}        left out without a link
 *   REPLY   {"type":"button","sub_type":"quick_reply","index":"N",
 *            "parameters":[{"type":"payload","payload":"c1.ULID.WORD"}]}
 *
 *   N       the place among all buttons, from 0             ULID   that of ECHO
 *   WORD    ok, rs, cx: confirm, change, cancel, in this order, each at most once
 *
 *   TO      + and 7 to 15 digits, the first not 0      ECHO   a1: and a ULID
 *   NAME    a-z 0-9 _, at most 512 (parameters: 64)    CODE   zh_TW, en, fil
 *   TOKEN   A-Z a-z 0-9 - _, 22 to 128                 TEXT   1 to 1,024 characters in all, UTF-8, no
 *           control, line or direction character, no run of four spaces
 *
 * Source: WhatsApp page §2, §10. Without `+` Meta prefixes the business's own country code. */
#ifndef WHATSAPP_BODY_H
#define WHATSAPP_BODY_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "model/notice.h"

enum { WHATSAPP_PARAMS_MAX = 16, WHATSAPP_BODY_MAX = 32768 };

/* Appends the body of one attempt of `n` to `out`, whose limit should be WHATSAPP_BODY_MAX.
 * Reads to, template, language, named, params, token, replies. ERR_INPUT names the part and the rule it breaks,
 * never the text; `out` is then to be thrown away. */
bool whatsapp_body_build(const struct notice *n, struct str echo, struct buf *out,
                         struct err *e) MUST_USE;

/* What a checked body says. All slices point into the checked bytes. */
struct whatsapp_body {
    struct str to, echo, template, language;
    struct str token; /* absent without a button */
    uint8_t replies;  /* enum quick_reply */
    bool named;
    struct {
        struct str name; /* absent when positional */
        struct str text; /* still JSON-escaped: \" and \\ only */
    } params[WHATSAPP_PARAMS_MAX];
    size_t n_params;
};

/* Reads the bytes against the grammar, byte for byte: what whatsapp_body_build() cannot have written is
 * ERR_INPUT with the offset of the first fault. Shares no code with the builder but the rules for
 * single values. */
bool whatsapp_body_check(struct str json, struct whatsapp_body *out, struct err *e) MUST_USE;

/* The text of a parameter without its escapes; lives in `a`. */
struct str whatsapp_body_text(struct str escaped, struct arena *a);

/* Do the bytes send exactly this notice and nothing else? ERR_INPUT: no. */
bool whatsapp_body_matches(const struct whatsapp_body *b, const struct notice *n, struct str echo,
                           struct err *e) MUST_USE;

#endif
