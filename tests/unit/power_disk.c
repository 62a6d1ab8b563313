#include "power_disk.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 64, PATH = 512, HEAD = 64 };

struct piece { /* one write or truncation, in order */
    struct piece *next;
    sqlite3_int64 at;
    int n; /* -1: truncated to `at` */
    unsigned char bytes[];
};

struct node { /* a file by its path */
    char path[PATH];
    unsigned char *now; /* what readers see; NULL: not open yet */
    sqlite3_int64 size, room;
    struct piece *first, **last;
    bool fresh; /* made since the last restore, never synced */
    bool used;
};

struct power_file {
    sqlite3_file base;
    struct node *node; /* NULL: handled by the real disk alone */
};

/* SQLite hands no context to a file's methods, so the one disk of the program stands here. */
static struct {
    sqlite3_vfs vfs, *real;
    sqlite3_io_methods methods;
    pthread_mutex_t lock;
    struct node nodes[NODES];
    int syncs, cut_at;
    bool dark;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

const char *power_rest_name(enum power_rest r)
{
    static const char *const names[] = {"none", "all", "prefix", "random", "torn"};

    return names[r];
}

static struct power_file *of(sqlite3_file *f)
{
    return (struct power_file *)f;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
    return (sqlite3_file *)((char *)f + HEAD);
}

static void grow(struct node *n, sqlite3_int64 size)
{
    if (size > n->room) {
        sqlite3_int64 room = n->room ? n->room : 65536;

        while (room < size)
            room *= 2;
        n->now = realloc(n->now, (size_t)room);
        if (!n->now)
            abort();
        n->room = room;
    }
    if (size > n->size) {
        memset(n->now + n->size, 0, (size_t)(size - n->size));
        n->size = size;
    }
}

static void remember(struct node *n, sqlite3_int64 at, const void *bytes, int size)
{
    struct piece *p = malloc(sizeof *p + (size > 0 ? (size_t)size : 0));

    if (!p)
        abort();
    p->next = NULL;
    p->at = at;
    p->n = size;
    if (size > 0)
        memcpy(p->bytes, bytes, (size_t)size);
    *n->last = p;
    n->last = &p->next;
}

static void drop_pieces(struct node *n)
{
    for (struct piece *p = n->first, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    n->first = NULL;
    n->last = &n->first;
}

/* ---- the file's methods; all under the lock ---- */

static int power_read(sqlite3_file *f, void *out, int n, sqlite3_int64 at)
{
    struct node *node = of(f)->node;
    sqlite3_int64 there;

    pthread_mutex_lock(&disk.lock);
    there = node->size - at;
    there = there < 0 ? 0 : there < n ? there : n;
    if (there)
        memcpy(out, node->now + at, (size_t)there);
    memset((char *)out + there, 0, (size_t)(n - there));
    pthread_mutex_unlock(&disk.lock);
    return there == n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int power_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct node *node = of(f)->node;
    bool dark;

    pthread_mutex_lock(&disk.lock);
    dark = disk.dark;
    if (!dark) {
        grow(node, at + n);
        memcpy(node->now + at, p, (size_t)n);
        remember(node, at, p, n);
    }
    pthread_mutex_unlock(&disk.lock);
    return dark ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int power_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct node *node = of(f)->node;
    bool dark;

    pthread_mutex_lock(&disk.lock);
    dark = disk.dark;
    if (!dark) {
        if (size < node->size)
            node->size = size;
        remember(node, size, NULL, -1);
    }
    pthread_mutex_unlock(&disk.lock);
    return dark ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int apply(sqlite3_file *real, const struct piece *p)
{
    return p->n < 0 ? real->pMethods->xTruncate(real, p->at)
                    : real->pMethods->xWrite(real, p->bytes, p->n, p->at);
}

static int power_sync(sqlite3_file *f, int flags)
{
    struct node *node = of(f)->node;
    int rc = SQLITE_OK;

    (void)flags;
    pthread_mutex_lock(&disk.lock);
    disk.syncs++;
    if (disk.cut_at && disk.syncs >= disk.cut_at)
        disk.dark = true;
    if (disk.dark)
        rc = SQLITE_IOERR_FSYNC;
    for (const struct piece *p = node->first; p && rc == SQLITE_OK; p = p->next)
        rc = apply(real_of(f), p);
    if (rc == SQLITE_OK) {
        drop_pieces(node);
        node->fresh = false;
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

static int power_size(sqlite3_file *f, sqlite3_int64 *out)
{
    pthread_mutex_lock(&disk.lock);
    *out = of(f)->node->size;
    pthread_mutex_unlock(&disk.lock);
    return SQLITE_OK;
}

static int power_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int power_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int power_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int power_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int power_control(sqlite3_file *f, int op, void *arg)
{
    if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int power_sector(sqlite3_file *f)
{
    (void)f;
    return SECTOR;
}

static int power_traits(sqlite3_file *f)
{
    (void)f;
    return 0; /* no promise about what a cut does to a write */
}

static int power_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int power_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void power_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int power_shm_unmap(sqlite3_file *f, int delete)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), delete);
}

/* ---- the disk ---- */

static struct node *node_at(const char *path)
{
    struct node *unused = NULL;

    for (int i = 0; i < NODES; i++) {
        if (disk.nodes[i].used && strcmp(disk.nodes[i].path, path) == 0)
            return &disk.nodes[i];
        if (!disk.nodes[i].used && !unused)
            unused = &disk.nodes[i];
    }
    if (!unused || strlen(path) >= PATH)
        abort();
    *unused = (struct node){.used = true, .last = &unused->first};
    memcpy(unused->path, path, strlen(path) + 1);
    return unused;
}

/* The synced content, into the cache. */
static int load(struct node *n, sqlite3_file *real)
{
    sqlite3_int64 size = 0;
    int rc = real->pMethods->xFileSize(real, &size);

    if (rc == SQLITE_OK && size) {
        grow(n, size);
        rc = real->pMethods->xRead(real, n->now, (int)size, 0);
    }
    n->fresh = size == 0;
    return rc;
}

static int power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    int rc = disk.real->xOpen(disk.real, name, real_of(f), flags, out);
    struct node *n;

    (void)vfs;
    f->pMethods = NULL;
    if (rc != SQLITE_OK)
        return rc;
    if (!name)
        abort(); /* temporary files are kept in memory */
    pthread_mutex_lock(&disk.lock);
    n = node_at(name);
    if (!n->now && !n->size)
        rc = load(n, real_of(f));
    pthread_mutex_unlock(&disk.lock);
    of(f)->node = n;
    f->pMethods = &disk.methods;
    return rc;
}

/* Gone for good: SQLite syncs the folder with the deletions that it relies on. */
static int power_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    int rc = SQLITE_IOERR_DELETE;

    (void)vfs;
    pthread_mutex_lock(&disk.lock);
    if (!disk.dark) {
        struct node *n = node_at(name);

        drop_pieces(n);
        free(n->now);
        *n = (struct node){0};
        rc = disk.real->xDelete(disk.real, name, sync);
    }
    pthread_mutex_unlock(&disk.lock);
    return rc;
}

void power_disk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "power";
    disk.vfs.szOsFile = HEAD + disk.real->szOsFile;
    disk.vfs.xOpen = power_open;
    disk.vfs.xDelete = power_delete;
    disk.methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = power_close,
        .xRead = power_read,
        .xWrite = power_write,
        .xTruncate = power_truncate,
        .xSync = power_sync,
        .xFileSize = power_size,
        .xLock = power_lock,
        .xUnlock = power_unlock,
        .xCheckReservedLock = power_reserved,
        .xFileControl = power_control,
        .xSectorSize = power_sector,
        .xDeviceCharacteristics = power_traits,
        .xShmMap = power_shm_map,
        .xShmLock = power_shm_lock,
        .xShmBarrier = power_shm_barrier,
        .xShmUnmap = power_shm_unmap,
    };
    (void)sqlite3_vfs_register(&disk.vfs, 1);
}

void power_disk_arm(int cut_at)
{
    disk.syncs = 0;
    disk.cut_at = cut_at;
}

int power_disk_syncs(void)
{
    return disk.syncs;
}

bool power_disk_is_dark(void)
{
    return disk.dark;
}

void power_disk_cut(void)
{
    pthread_mutex_lock(&disk.lock);
    disk.dark = true;
    pthread_mutex_unlock(&disk.lock);
}

size_t power_disk_cached(void)
{
    size_t sum = 0;

    for (int i = 0; i < NODES; i++)
        for (const struct piece *p = disk.nodes[i].first; p; p = p->next)
            sum += p->n > 0 ? (size_t)p->n : 0;
    return sum;
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return below ? (*state >> 33) % below : 0;
}

/* The sectors of one write that a coin keeps. A sector begins where the disk says, not the write. */
static void keep_sectors(FILE *to, const struct piece *p, uint64_t *random)
{
    for (int i = 0; i < p->n;) {
        int n = SECTOR - (int)((p->at + i) % SECTOR);

        n = n < p->n - i ? n : p->n - i;
        if (draw(random, 2)) {
            (void)fseeko(to, p->at + i, SEEK_SET);
            (void)fwrite(p->bytes + i, 1, (size_t)n, to);
        }
        i += n;
    }
}

static void keep_whole(FILE *to, const struct piece *p, int n)
{
    (void)fseeko(to, p->at, SEEK_SET);
    (void)fwrite(p->bytes, 1, (size_t)n, to);
}

static void keep_piece(FILE *to, const struct piece *p, enum power_rest rest, uint64_t *random)
{
    if (p->n < 0) {
        (void)fflush(to);
        if (rest != REST_RANDOM || draw(random, 2))
            (void)!ftruncate(fileno(to), p->at);
    } else if (rest == REST_RANDOM) {
        keep_sectors(to, p, random);
    } else {
        keep_whole(to, p, p->n);
    }
}

static void restore_node(struct node *n, enum power_rest rest, uint64_t *random)
{
    FILE *to = fopen(n->path, "r+b");
    uint64_t count = 0, keep;

    for (const struct piece *p = n->first; p; p = p->next)
        count++;
    keep = rest == REST_NONE                          ? 0
           : rest == REST_PREFIX || rest == REST_TORN ? draw(random, count + 1)
                                                      : count;
    for (const struct piece *p = n->first; to && p && keep; p = p->next, keep--) {
        if (keep == 1 && rest == REST_TORN && p->n > 0)
            keep_whole(to, p, (int)draw(random, (uint64_t)p->n / SECTOR + 1) * SECTOR);
        else
            keep_piece(to, p, rest, random);
    }
    if (to)
        (void)fclose(to);
    if (n->fresh && rest != REST_ALL && draw(random, 2))
        (void)unlink(n->path);
    drop_pieces(n);
    free(n->now);
    *n = (struct node){0};
}

void power_disk_restore(enum power_rest rest, uint64_t *random)
{
    for (int i = 0; i < NODES; i++)
        if (disk.nodes[i].used)
            restore_node(&disk.nodes[i], rest, random);
    disk.dark = false;
    disk.cut_at = 0;
}
