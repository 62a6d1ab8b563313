/* SQLite on a disk that fails on purpose: the n-th sync or write of any file of the database. */
#ifndef FAULTY_DISK_H
#define FAULTY_DISK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct faulty_disk {
    int sync_at, write_at;     /* which call fails from now on; 0: none */
    int main_sync_at;          /* the same of the database itself, which only checkpoints sync */
    _Atomic int syncs, writes; /* calls since faulty_disk_arm() */
    _Atomic int main_syncs;
    int code;    /* SQLITE_IOERR_FSYNC, SQLITE_FULL … */
    bool sticky; /* every later call fails, too */
    _Atomic int fired;
};

/* Puts itself under every connection opened after it. There is one disk a program. */
struct faulty_disk *faulty_disk_install(void);
/* Counts from nothing; the faults as given, and none of main_sync_at. */
void faulty_disk_arm(int sync_at, int write_at, int code, bool sticky);

#endif
