/* Bytes as text: hex, base64url (RFC 4648 §5, no padding), JSON strings, HTML text. */
#ifndef BASE_ENCODE_H
#define BASE_ENCODE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

/* Lower-case hex; out holds 2 * n + 1 bytes and ends in NUL. */
void hex_encode(const uint8_t *in, size_t n, char *out);
/* Upper or lower case; false unless `text` is exactly 2 * n hex digits. */
bool hex_decode(struct str text, uint8_t *out, size_t n) MUST_USE;
/* out holds (n * 4 + 2) / 3 + 1 bytes and ends in NUL. */
void base64url_encode(const uint8_t *in, size_t n, char *out);
/* False unless `text` is the canonical form of exactly n bytes. */
bool base64url_decode(struct str text, uint8_t *out, size_t n) MUST_USE;

/* Appends "s" as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD. */
bool json_add_string(struct buf *b, struct str s);
/* Appends s with & < > " ' as character references. */
bool html_add_text(struct buf *b, struct str s);

#endif
