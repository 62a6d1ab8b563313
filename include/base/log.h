/* The log: one JSON object a line on stderr. Only the edges call it.
 *
 *   {"t":"2026-11-21T10:15:02.113Z","level":"info","stage":"send","text":"notice 12: accepted"}
 *
 * A text is "fact -> consequence" made of ids, counts, codes and our own words. Nothing that came
 * from a patient, a sender or WhatsApp may be printed: there is no function that takes a slice, and
 * every %s names an entry of one of our own tables, a file name or a setting. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level {
    LOG_CRITICAL, /* something that must never happen was stopped: look now */
    LOG_ERROR,    /* someone must act     */
    LOG_WARN,     /* we act               */
    LOG_INFO,     /* one line a decision  */
};

/* stage: "receive", "security", "map", "plan", "send", "track", "link", "admin", "store", "app". */
void log_event(enum log_level level, const char *stage, const char *fmt, ...) PRINTF(3, 4);

#endif
