/* SQLite on a disk that can lose its power: what was written and not yet synced is in a cache of ours,
 * and a cut keeps a part of it, sector by sector. What was synced is in the real file.
 *
 * Sizes count as un-synced too; a file that was never synced may be gone altogether. Shared memory and
 * locks are the real disk's. */
#ifndef POWER_DISK_H
#define POWER_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SECTOR = 512 };

/* What of the cache survives a cut. */
enum power_rest {
    REST_NONE,   /* nothing */
    REST_ALL,    /* everything */
    REST_PREFIX, /* the writes up to a random one */
    REST_RANDOM, /* each sector by a coin */
    REST_TORN,   /* the writes up to a random one, whose last sectors are missing */
    RESTS        /* how many */
};
const char *power_rest_name(enum power_rest r);

/* Puts itself under every connection opened after it. There is one disk a program. */
void power_disk_install(void);
/* Counts syncs from nothing; the cut_at-th one does not happen any more, and from there on every
 * operation fails. 0: no cut. */
void power_disk_arm(int cut_at);
int power_disk_syncs(void);     /* since power_disk_arm() */
bool power_disk_is_dark(void);  /* the cut has come */
size_t power_disk_cached(void); /* bytes written and not synced */
/* The power goes now. */
void power_disk_cut(void);
/* Once every connection is closed: writes what survives, forgets the rest, and the power is back.
 * random: a state that is advanced. */
void power_disk_restore(enum power_rest rest, uint64_t *random);

#endif
