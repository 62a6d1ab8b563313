/* What one writes behind a key, as a value. Private to config. */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "table.h"

/* Digits and a unit: "64", "4M" (K, M, G of 1024), "250ms" (ms, s, m, h, d). False: not of the form, or
 * past 2^62. */
bool value_number(enum setting_type t, struct str text, int64_t *out);
/* The shortest way to write a number of that type: "4M", "250ms". */
void value_print(enum setting_type t, int64_t value, char out[32]);

/* NULL, or what is wrong with the text as a value of that type; static. */
const char *value_text_fault(enum setting_type t, struct str text);

/* HOST:PORT with a numeric host, IPv6 in brackets; `host` is NUL-terminated, without brackets. NULL, or
 * what is wrong; static. */
enum { HOST_TEXT = 46 };
const char *value_address(struct str text, char host[HOST_TEXT], int *port);
/* HOST:PORT with a name or a numeric host, IPv6 in brackets; *host in the arena. NULL, or what is wrong;
 * static. */
const char *value_target(struct str text, struct arena *a, const char **host, int *port);
/* 127.0.0.0/8 and ::1. */
bool value_is_loopback(const char *host);

#endif
