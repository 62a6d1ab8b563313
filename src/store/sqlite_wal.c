/* sqlite_wal.h. In place of SQLite's own automatic checkpoint, which hides a failed sync. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/log.h"
#include "sqlite_store.h"

enum {
    LIMIT = 32000,        /* pages: 128 MiB of 4 KiB */
    SHARE = 8,            /* a pass begins at limit / SHARE */
    ROOM_BYTES = 1 << 20, /* made at once */
    WAL_HEADER = 32,
    FRAME_HEAD = 24,   /* https://www.sqlite.org/fileformat2.html#walformat */
    COMMIT_PAGES = 64, /* more than most commits write */
    NICER = 10,
};

#define SAY_EACH_NS 60000000000ULL

enum wal_state { WAL_IDLE, WAL_ASKED, WAL_DONE /* its pass has ended */ };

struct wal {
    int limit;        /* pages; commits wait above it */
    int pages;        /* in the log after the last commit; 0 after a pass, until the next commit */
    int last;         /* the same, whatever passes there were */
    uint64_t said_ns; /* when its size was last complained about; 0: never */
    int fd;           /* of the log, to make room ahead; -1: none */
    bool no_room;     /* making room failed: done without */
    int64_t room, frame; /* bytes: of the file, of one page in it */
    char *path;          /* of the database */
    sqlite3 *db;         /* the thread's connection; NULL: none yet */
    uv_thread_t thread;
    bool runs; /* the thread does */

    uv_mutex_t lock; /* guards what follows */
    uv_cond_t wake;
    enum wal_state state;
    bool stop;
    int failed;   /* SQLITE_*; 0: none */
    bool is_full; /* that was a full disk: no harm done */
};

static int on_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct wal *w = ctx;

    (void)db;
    (void)name;
    if (pages < w->last)
        w->room = 0; /* it has begun anew, and a long one was cut: to be looked at */
    w->pages = w->last = pages;
    return SQLITE_OK;
}

/* A connection made when it is first needed: most stores in a test never are. */
static int connect_thread(struct wal *w)
{
    int rc;

    if (w->db)
        return SQLITE_OK;
    rc = sqlite3_open_v2(w->path, &w->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc ==
        SQLITE_OK) /* it syncs as the first one does: the log before it is copied, then the copy */
        rc = sqlite3_exec(w->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    if (rc == SQLITE_OK) {
        (void)sqlite3_extended_result_codes(w->db, 1);
        (void)sqlite3_wal_autocheckpoint(w->db, 0);
        (void)sqlite3_db_config(w->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return SQLITE_OK;
    }
    (void)sqlite3_close(w->db);
    w->db = NULL;
    return rc;
}

static void pass(struct wal *w)
{
    int rc = connect_thread(w), failed = SQLITE_OK;
    bool is_full = false;

    /* Without a connection, or while someone else does it: the committing thread does all. */
    if (rc == SQLITE_OK) {
        rc = sqlite3_wal_checkpoint_v2(w->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_NOMEM) {
            failed = sqlite3_extended_errcode(w->db);
            is_full = sql_is_full(w->db, failed);
        }
    }
    uv_mutex_lock(&w->lock);
    w->state = WAL_DONE;
    w->failed = failed;
    w->is_full = is_full;
    uv_cond_broadcast(&w->wake);
}

/* Copying must not take a processor from those who commit and answer, a slice of milliseconds at a time. On
 * Linux a priority is that of the thread alone. */
static void give_way(void)
{
    (void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + NICER);
}

static void thread_main(void *arg)
{
    struct wal *w = arg;

    give_way();
    uv_mutex_lock(&w->lock);
    while (!w->stop) {
        if (w->state != WAL_ASKED) {
            uv_cond_wait(&w->wake, &w->lock);
            continue;
        }
        uv_mutex_unlock(&w->lock);
        pass(w); /* comes back with the lock */
    }
    uv_mutex_unlock(&w->lock);
}

static bool start(struct wal *w, struct err *e)
{
    int rc;

    if ((rc = uv_mutex_init(&w->lock)) < 0)
        return err_set(e, ERR_BUSY, rc, "checkpoints: %s", uv_strerror(rc));
    if ((rc = uv_cond_init(&w->wake)) == 0) {
        if ((rc = uv_thread_create(&w->thread, thread_main, w)) == 0) {
            w->runs = true;
            return true;
        }
        uv_cond_destroy(&w->wake);
    }
    uv_mutex_destroy(&w->lock);
    return err_set(e, ERR_BUSY, rc, "checkpoints: %s", uv_strerror(rc));
}

/* A log that somebody's long reading has made long is cut when it begins anew. */
static bool limit_size(struct sqlite *q, const struct wal *w, struct err *e)
{
    const long long most = WAL_HEADER + (long long)w->limit * w->frame;
    char set[64];

    (void)snprintf(set, sizeof set, "PRAGMA journal_size_limit = %lld", most);
    return sqlite3_exec(q->db, set, NULL, NULL, NULL) == SQLITE_OK || sql_fail(q, set, e);
}

bool wal_open(struct sqlite *q, const char *path, int limit, struct err *e)
{
    char log[4096 + sizeof "-wal"];
    struct wal *w;

    if (q->read_only)
        return true;
    w = q->wal = calloc(1, sizeof *w);
    if (!w)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    (void)sqlite3_wal_hook(q->db, on_wal, w);
    w->limit = limit ? limit : LIMIT;
    (void)snprintf(log, sizeof log, "%s-wal", path);
    w->fd = open(log, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    w->no_room = w->fd < 0;
    w->frame = 4096 + FRAME_HEAD;
    w->path = strdup(path);
    if (!w->path)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    return limit_size(q, w, e) && start(w, e);
}

void wal_close(struct sqlite *q)
{
    struct wal *w = q->wal;

    if (!w)
        return;
    if (w->runs) {
        uv_mutex_lock(&w->lock);
        w->stop = true;
        uv_cond_broadcast(&w->wake);
        uv_mutex_unlock(&w->lock);
        (void)uv_thread_join(&w->thread);
        uv_cond_destroy(&w->wake);
        uv_mutex_destroy(&w->lock);
    }
    q->failed |= w->failed && !w->is_full;
    if (w->fd >= 0)
        (void)close(w->fd);
    (void)sqlite3_close(w->db);
    free(w->path);
    free(w);
    q->wal = NULL;
}

bool wal_check(struct sqlite *q, struct err *e)
{
    struct wal *w = q->wal;
    int failed = 0;

    if (!w)
        return true;
    uv_mutex_lock(&w->lock);
    if (w->failed && w->is_full)
        w->failed = 0; /* there may be room later */
    failed = w->failed;
    uv_mutex_unlock(&w->lock);
    if (!failed)
        return true;
    q->failed = true;
    return err_set(e, ERR_UNCERTAIN, failed, "checkpoint: %s", sqlite3_errstr(failed));
}

/* Zeros behind the end of the log: a sync of bytes that overwrite others need not write the file's new
 * length, too, and takes half the time. SQLite reads a log up to its last valid commit, so zeros mean
 * nothing. The transaction keeps every other writer out. Only the first round of the log needs this. */
void wal_make_room(struct sqlite *q)
{
    static const char zeros[ROOM_BYTES];
    struct wal *w = q->wal;
    const int64_t wanted = WAL_HEADER + ((int64_t)w->pages + COMMIT_PAGES) * w->frame;
    struct stat st;

    if (w->no_room || wanted <= w->room)
        return;
    w->no_room = fstat(w->fd, &st) != 0;
    w->room = w->no_room ? 0 : st.st_size;
    if (w->no_room || wanted <= w->room)
        return;
    w->no_room = pwrite(w->fd, zeros, sizeof zeros, w->room) != sizeof zeros;
    w->room += ROOM_BYTES;
}

/* On the committing thread: all that is in the log, after a pass the few pages since. */
static void finish_pass(struct sqlite *q)
{
    struct err ignored; /* sql_fail() marks the store; the next begin() says so */

    if (sqlite3_wal_checkpoint_v2(q->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK)
        (void)sql_fail(q, "checkpoint", &ignored);
}

/* Passes cannot keep up, or somebody reads the database and keeps them from going on. */
static void say_long(struct wal *w)
{
    const uint64_t now = uv_hrtime();

    if (w->last <= w->limit || (w->said_ns && now - w->said_ns < SAY_EACH_NS))
        return;
    w->said_ns = now;
    log_event(LOG_WARN, "store",
              "the write-ahead log has %lld bytes, meant to have %lld at most: somebody reads the "
              "database for long (a backup?) -> it shrinks when that ends",
              (long long)w->last * w->frame, (long long)w->limit * w->frame);
}

void wal_committed(struct sqlite *q)
{
    struct wal *w = q->wal;
    bool finish;

    if (w->pages < w->limit / SHARE)
        return;
    uv_mutex_lock(&w->lock);
    if (w->state == WAL_IDLE) {
        w->state = WAL_ASKED;
        uv_cond_broadcast(&w->wake);
    }
    while (w->state == WAL_ASKED && w->pages > w->limit)
        uv_cond_wait(&w->wake, &w->lock);
    finish = w->state == WAL_DONE && !w->failed;
    if (w->state == WAL_DONE)
        w->state = WAL_IDLE;
    uv_mutex_unlock(&w->lock);
    say_long(w);
    if (!finish)
        return;
    w->pages = 0; /* until the next commit says more */
    finish_pass(q);
}
