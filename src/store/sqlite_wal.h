/* The write-ahead log: room ahead of the commits, and its way into the database beside them.
 *
 * A checkpoint of thousands of pages takes tens of milliseconds; a thread with a connection of its own does
 * it while commits go on. They lead on meanwhile, so its pass never reaches the end, where alone the log
 * can begin anew: the few pages that are left are the committing thread's. A log that grows past its limit
 * makes commits wait for the pass. While somebody reads an old state no pass gets beyond that, and the log
 * grows as long as they read: that is said, and it is cut to its limit afterwards.
 *
 * A sync that fails in a checkpoint must never be tried again: the second one may succeed with the pages
 * already lost. The failure is kept, and the next begin() says so. */
#ifndef STORE_SQLITE_WAL_H
#define STORE_SQLITE_WAL_H

#include "base/err.h"

struct wal;
struct sqlite;

/* path: of the database. limit 0: the usual one. */
bool wal_open(struct sqlite *q, const char *path, int limit, struct err *e) MUST_USE;
/* Waits for a pass that is running. */
void wal_close(struct sqlite *q);
/* ERR_UNCERTAIN: a checkpoint failed. */
bool wal_check(struct sqlite *q, struct err *e) MUST_USE;
/* Inside a write transaction, before its commit. */
void wal_make_room(struct sqlite *q);
/* After a commit; what was committed is safe whether this works or not. */
void wal_committed(struct sqlite *q);

#endif
