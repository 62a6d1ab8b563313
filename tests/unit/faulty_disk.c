#include "faulty_disk.h"

/* SQLite hands no context to a file's methods, so the one disk of the program stands here. Each kind
 * of file has its own table of methods; two of them are in use: the database's (with locks and shared
 * memory) and the others'. */
static struct {
    struct faulty_disk disk;
    sqlite3_vfs vfs, *real;
    sqlite3_io_methods methods[2];
    const sqlite3_io_methods *was[2];
} faulty;

static bool fails(int count, int at)
{
    bool now = at && (count == at || (faulty.disk.sticky && count > at));

    faulty.disk.fired += now;
    return now;
}

static const sqlite3_io_methods *real_of(sqlite3_file *f)
{
    return faulty.was[f->pMethods == &faulty.methods[1]];
}

static int faulty_sync(sqlite3_file *f, int flags)
{
    const bool is_main = f->pMethods == &faulty.methods[0];

    if (is_main && fails(++faulty.disk.main_syncs, faulty.disk.main_sync_at))
        return faulty.disk.code;
    if (fails(++faulty.disk.syncs, faulty.disk.sync_at))
        return faulty.disk.code;
    return real_of(f)->xSync(f, flags);
}

static int faulty_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (fails(++faulty.disk.writes, faulty.disk.write_at)) {
        (void)real_of(f)->xWrite(f, p, n / 2, at); /* a short write */
        return faulty.disk.code;
    }
    return real_of(f)->xWrite(f, p, n, at);
}

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    const int which = (flags & SQLITE_OPEN_MAIN_DB) == 0;
    int rc = faulty.real->xOpen(faulty.real, name, f, flags, out);

    (void)vfs;
    if (rc != SQLITE_OK || !f->pMethods)
        return rc;
    if (!faulty.was[which]) {
        faulty.was[which] = f->pMethods;
        faulty.methods[which] = *f->pMethods;
        faulty.methods[which].xSync = faulty_sync;
        faulty.methods[which].xWrite = faulty_write;
    }
    f->pMethods = &faulty.methods[which];
    return rc;
}

struct faulty_disk *faulty_disk_install(void)
{
    faulty.real = sqlite3_vfs_find(NULL);
    faulty.vfs = *faulty.real;
    faulty.vfs.zName = "faulty";
    faulty.vfs.xOpen = faulty_open;
    (void)sqlite3_vfs_register(&faulty.vfs, 1);
    return &faulty.disk;
}

void faulty_disk_arm(int sync_at, int write_at, int code, bool sticky)
{
    faulty.disk = (struct faulty_disk){
        .sync_at = sync_at, .write_at = write_at, .code = code, .sticky = sticky};
}
