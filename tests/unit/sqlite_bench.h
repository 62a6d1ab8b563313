/* A bench over SQLite whose files and tables the test reads, and alters, behind the store's back. */
#ifndef SQLITE_BENCH_H
#define SQLITE_BENCH_H

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/seal.h"
#include "store_fixture.h"

/* The connection of the store opened last: SQLite's hook has no context. */
static sqlite3 *last_db;

static inline int remember(sqlite3 *db, const char **message,
                           const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    last_db = db;
    return SQLITE_OK;
}

static inline void bench_open(struct bench *b)
{
    const uint8_t root[SEAL_KEY_BYTES] = {7};
    struct store_settings set;

    *b = (struct bench){.ops = &store_sqlite, .seal = seal_from_root(root)};
    temp_folder_make(&b->folder);
    set = (struct store_settings){
        .where = b->folder.path, .seal = b->seal, .duplicate_ms = 14LL * DAY_MS};
    (void)sqlite3_auto_extension((void (*)(void))remember);
    CHECK(b->ops->open(&set, &b->s, &b->e), "%s", b->e.text);
    sqlite3_reset_auto_extension();
}

static inline void bench_close(struct bench *b)
{
    b->s->ops->close(b->s);
    temp_folder_remove(&b->folder);
    arena_reset(&b->a);
    seal_close(b->seal);
}

static inline void sql(const char *text)
{
    CHECK(sqlite3_exec(last_db, text, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", text,
          sqlite3_errmsg(last_db));
}

static inline int64_t count(const char *sql)
{
    sqlite3_stmt *st = NULL;
    int64_t n = -1;

    if (sqlite3_prepare_v2(last_db, sql, -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    return n;
}

static inline struct str file_of(const char *path, struct arena *a)
{
    struct stat st;
    char *p;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    CHECK(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
    p = arena_get(a, (size_t)st.st_size + 1, 1);
    n = read(fd, p, (size_t)st.st_size);
    (void)close(fd);
    return (struct str){p, n > 0 ? (size_t)n : 0};
}

/* How often `what` stands in the files of the folder. */
static inline int found_in_files(struct bench *b, struct str what, size_t *n_bytes)
{
    DIR *dir = opendir(b->folder.path);
    struct dirent *entry;
    int found = 0;

    while (dir && (entry = readdir(dir))) {
        struct arena a = {0};
        char path[512];
        struct str text;

        if (entry->d_name[0] == '.')
            continue;
        text = file_of(temp_folder_file(&b->folder, entry->d_name, path), &a);
        *n_bytes += text.n;
        for (const char *p = text.p; (p = memmem(p, text.n - (size_t)(p - text.p), what.p, what.n));
             p++)
            found++;
        arena_reset(&a);
    }
    (void)closedir(dir);
    return found;
}

#endif
