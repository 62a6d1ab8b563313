#include "samples/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

struct walk {
    struct arena *arena;
    const char **files;
    size_t n, room;
};

static bool add_file(struct walk *w, const char *name, struct err *e)
{
    if (w->n == SOURCE_FILES)
        return err_set(e, ERR_CONFIG, 0, "more than %d files", SOURCE_FILES);
    if (w->n == w->room) {
        size_t room = w->room ? 2 * w->room : 64;
        const char **files = NEW_ARRAY(w->arena, const char *, room);

        if (w->n)
            memcpy(files, w->files, w->n * sizeof *files);
        w->files = files;
        w->room = room;
    }
    w->files[w->n++] = name;
    return true;
}

static bool walk_folder(struct walk *w, const char *folder, int depth, struct err *e);

static bool walk_entry(struct walk *w, const char *path, int depth, struct err *e)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return walk_folder(w, path, depth, e);
    return !S_ISREG(st.st_mode) || add_file(w, path, e);
}

/* Depth is bounded, so a folder that links to itself ends, too. */
static bool walk_folder(struct walk *w, const char *folder, int depth, struct err *e)
{
    struct dirent **names = NULL;
    bool ok = true;
    int n;

    if (depth == SOURCE_DEPTH)
        return err_set(e, ERR_CONFIG, 0, "%s: more than %d folders deep", folder, SOURCE_DEPTH);
    n = scandir(folder, &names, NULL, alphasort);
    if (n < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf(w->arena, "%s/%s", folder, names[i]->d_name).p;

        if (ok && names[i]->d_name[0] != '.')
            ok = walk_entry(w, path, depth + 1, e);
        free(names[i]);
    }
    free(names);
    return ok;
}

bool source_files(const char *path, struct arena *a, const char *const **out, size_t *n,
                  struct err *e)
{
    struct walk w = {.arena = a};
    struct str whole = str_of(path);

    while (whole.n > 1 && whole.p[whole.n - 1] == '/')
        whole.n--;
    path = arena_copy(a, whole).p;
    if (strcmp(path, "-") == 0 ? !add_file(&w, path, e) : !walk_entry(&w, path, 0, e))
        return false;
    *out = w.files;
    *n = w.n;
    return true;
}

static bool read_stream(FILE *f, const char *file, struct buf *b, struct err *e)
{
    for (;;) {
        size_t got;

        if (!buf_room(b, 1 << 16))
            return err_set(e, ERR_CONFIG, 0, "%s: over %d bytes; split it", file, SOURCE_MOST);
        got = fread(b->p + b->n, 1, 1 << 16, f);
        b->n += got;
        if (got == 0)
            break;
    }
    if (ferror(f))
        return err_set(e, ERR_CONFIG, errno, "%s: %s", file, strerror(errno));
    if (b->n > SOURCE_MOST)
        return err_set(e, ERR_CONFIG, 0, "%s: over %d bytes; split it", file, SOURCE_MOST);
    return true;
}

/* A named pipe given by name would keep its reader waiting for ever. */
static FILE *open_plain(const char *file, struct err *e)
{
    int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat st;
    FILE *f = NULL;

    if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        (void)err_set(e, ERR_CONFIG, 0, "%s: no regular file", file);
    else if (fd < 0 || !(f = fdopen(fd, "rb")))
        (void)err_set(e, ERR_CONFIG, errno, "%s: %s", file, strerror(errno));
    if (!f && fd >= 0)
        (void)close(fd);
    return f;
}

bool source_read(const char *file, struct arena *a, struct str *out, struct err *e)
{
    FILE *f = strcmp(file, "-") == 0 ? stdin : open_plain(file, e);
    struct buf b = buf_new(SOURCE_MOST + (1 << 16));
    bool ok;

    if (!f)
        return false;
    ok = read_stream(f, file, &b, e);
    if (ok)
        *out = arena_copy(a, buf_str(&b));
    if (f != stdin)
        (void)fclose(f);
    buf_reset(&b);
    return ok;
}
