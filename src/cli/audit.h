/* Who looked at what patients sent: one line in <state>/audit.log, mode 0600, before anything is shown. */
#ifndef CLI_AUDIT_H
#define CLI_AUDIT_H

#include "base/err.h"

/* "2026-11-21T10:00:00.000Z uid=1000 recorder 12". Synced. ERR_CONFIG: it cannot be written, so nothing
 * may be shown. what: our own words. */
bool audit_note(const char *state, const char *what, struct err *e) MUST_USE;

#endif
