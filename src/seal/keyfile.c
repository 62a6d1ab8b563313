/* The key file, one line:
 *
 *   tidings-key-1 <root, 43 characters of base64url> <key id, 16 hex digits>\n
 *
 * The key id is derived from the root, so a root that was typed or copied wrong is noticed before
 * anything is sealed under it. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "seal_impl.h"
#include "secret.h"

#define WORD "tidings-key-1"
enum { LINE_BYTES = sizeof WORD - 1 + 1 + TOKEN_TEXT + 1 + 2 * KEY_ID_BYTES + 1 };

static bool write_whole(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);

        if (done < 0 && errno != EINTR)
            return false;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

/* A file that was made is on disk only when its folder is. */
static bool sync_folder_of(const char *path)
{
    char copy[4096];
    int fd;
    bool ok;

    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return false;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

/* The line of a fresh root. */
static bool make_line(char line[LINE_BYTES + 1], struct err *e)
{
    uint8_t root[SEAL_KEY_BYTES];
    char text[TOKEN_TEXT + 1], id[2 * KEY_ID_BYTES + 1];
    struct seal *s;

    if (!seal_random_system.get(&seal_random_system, root, sizeof root))
        return err_set(e, ERR_CONFIG, 0, "no randomness to make a key of");
    s = seal_from_root(root);
    base64url_encode(root, sizeof root, text);
    hex_encode(s->key_id, sizeof s->key_id, id);
    (void)snprintf(line, LINE_BYTES + 1, WORD " %s %s\n", text, id);
    seal_close(s);
    seal_wipe(root, sizeof root);
    seal_wipe(text, sizeof text);
    return true;
}

bool seal_keys_init(const char *path, struct err *e)
{
    char line[LINE_BYTES + 1];
    bool ok;
    int fd;

    if (!make_line(line, e))
        return false;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        seal_wipe(line, sizeof line);
        return err_set(e, ERR_CONFIG, errno, "%.200s: %s", path,
                       errno == EEXIST ? "is there already; a key is never overwritten"
                                       : strerror(errno));
    }
    ok = fchmod(fd, 0600) == 0 && write_whole(fd, line, LINE_BYTES) && fsync(fd) == 0;
    if (!ok)
        (void)err_set(e, ERR_CONFIG, errno, "%.200s: %s", path, strerror(errno));
    (void)close(fd);
    seal_wipe(line, sizeof line);
    if (ok && !sync_folder_of(path))
        ok = err_set(e, ERR_CONFIG, errno, "%.200s: its folder could not be synced", path);
    if (!ok)
        (void)unlink(path);
    return ok;
}

/* The seal of a key file's text; NULL when it is not ours. */
static struct seal *parse(struct str text)
{
    struct str rest = text, word, root_text, id_text;
    uint8_t root[SEAL_KEY_BYTES], id[KEY_ID_BYTES];
    struct seal *s = NULL;

    if (text.n != LINE_BYTES || text.p[text.n - 1] != '\n')
        return NULL;
    rest.n--;
    word = str_cut(&rest, ' ');
    root_text = str_cut(&rest, ' ');
    id_text = rest;
    if (str_eq(word, STR(WORD)) && base64url_decode(root_text, root, sizeof root) && id_text.p &&
        hex_decode(id_text, id, sizeof id))
        s = seal_from_root(root);
    if (s && !seal_equal(s->key_id, id, sizeof id)) {
        seal_close(s);
        s = NULL;
    }
    seal_wipe(root, sizeof root);
    return s;
}

bool seal_open(const char *path, struct seal **out, struct err *e)
{
    struct arena a = {0};
    struct str text = {0};
    bool ok = secret_bytes(path, 07177, "0600", &a, LINE_BYTES, &text, e);

    if (ok) {
        *out = parse(text);
        ok = *out ||
             err_set(e, ERR_CONFIG, 0,
                     "%.200s: not a key file of ours, or damaged (made by `tidings keys init`)",
                     path);
        seal_wipe((char *)(uintptr_t)text.p, text.n);
    }
    arena_reset(&a);
    return ok;
}
