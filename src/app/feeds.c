#include "app/feeds.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "yaml/yaml.h"

enum { MOST_FEEDS = 64, MOST_FILE = 1 << 20 };

struct search {
    struct arena *arena;
    const char *found[MOST_FEEDS];
    size_t n;
};

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void ignore_fault(void *ctx, const char *code, int line, int column, const char *text,
                         const char *hint)
{
    (void)ctx, (void)code, (void)line, (void)column, (void)text, (void)hint;
}

/* Up to MOST_FILE bytes. False: no regular file, or it cannot be opened or read. */
static bool read_file(const char *path, struct arena *a, struct str *out)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    char *p = arena_get(a, MOST_FILE, 1);
    struct stat st;
    ssize_t got = -1;
    size_t n = 0;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        while (n < MOST_FILE && (got = read(fd, p + n, MOST_FILE - n)) > 0)
            n += (size_t)got;
    if (fd >= 0)
        (void)close(fd);
    *out = (struct str){p, n};
    return got >= 0;
}

/* A file that has the key `feed`, or that cannot be read as YAML but names it: then loading it says
 * why. So it is with one that cannot be read at all: it may be the feed that is in service. */
static bool is_feed(const char *path, struct arena *a)
{
    const struct yaml_report silent = {ignore_fault, NULL};
    struct yaml_node *root;
    struct str text;

    if (!read_file(path, a, &text))
        return true;
    root = yaml_parse(text, path, &yaml_limits_standard, a, &silent);
    if (root)
        return yaml_pair_of(root, "feed") != NULL;
    return str_starts(text, STR("feed:")) || memmem(text.p, text.n, "\nfeed:", 6) != NULL;
}

static bool ends_in_yaml(const char *name)
{
    size_t n = strlen(name);

    return n > 5 && strcmp(name + n - 5, ".yaml") == 0 && name[0] != '.';
}

static bool look_into(struct search *s, const char *folder, int depth, struct err *e)
{
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);
    bool ok = true;

    if (n < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < n; i++) {
        const char *name = names[i]->d_name;
        const char *path = strcmp(folder, ".") == 0
                               ? arena_copy(s->arena, str_of(name)).p
                               : arena_printf(s->arena, "%s/%s", folder, name).p;

        if (ok && name[0] != '.' && depth > 0 && is_folder(path)) {
            ok = look_into(s, path, depth - 1, e);
        } else if (ok && ends_in_yaml(name) && !is_folder(path) && is_feed(path, s->arena)) {
            if (s->n == MOST_FEEDS)
                ok = err_set(e, ERR_CONFIG, 0, "%s: more than %d feeds", folder, MOST_FEEDS);
            else
                s->found[s->n++] = path;
        }
        free(names[i]);
    }
    free(names);
    return ok;
}

bool feeds_find(const char *path, struct arena *a, const char *const **out, size_t *n,
                struct err *e)
{
    struct search s = {.arena = a};
    const char **found;
    struct stat st;

    if (stat(path, &st) < 0)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        s.found[s.n++] = path;
    else if (!look_into(&s, path, 1, e))
        return false;
    if (s.n == 0)
        return err_set(e, ERR_CONFIG, 0,
                       "%s: no feed file here (a *.yaml file with the key `feed`)", path);
    found = NEW_ARRAY(a, const char *, s.n);
    memcpy(found, s.found, s.n * sizeof *found);
    *out = found;
    *n = s.n;
    return true;
}

const struct feed *feeds_named(const struct feed_set *set, const char *name)
{
    for (size_t i = 0; i < set->n; i++) {
        if (strcmp(feed_name(set->items[i]), name) == 0)
            return set->items[i];
    }
    return NULL;
}

static void print_findings(const struct findings *all, const char *file, FILE *to)
{
    for (size_t i = 0; i < all->n; i++)
        finding_print(&all->items[i], to);
    if (all->n_errors || all->n_warnings)
        (void)fprintf(to, "%s: %zu error(s), %zu warning(s)\n", file, all->n_errors,
                      all->n_warnings);
}

static void count_fault(struct feed_set *set, const struct finding *one)
{
    for (size_t i = 0; i < set->n_faults; i++) {
        struct feed_faults *f = &set->faults[i];

        if (strcmp(f->file, one->file) == 0 && strcmp(f->code, one->code) == 0) {
            f->n++;
            return;
        }
    }
    set->faults[set->n_faults] = (struct feed_faults){.file = one->file, .n = 1};
    memcpy(set->faults[set->n_faults++].code, one->code, sizeof one->code);
}

static void count_faults(struct feed_set *set, const struct findings *all, struct arena *a)
{
    struct feed_faults *wider = NEW_ARRAY(a, struct feed_faults, set->n_faults + all->n_errors + 1);

    if (set->n_faults)
        memcpy(wider, set->faults, set->n_faults * sizeof *wider);
    set->faults = wider;
    for (size_t i = 0; i < all->n; i++)
        if (all->items[i].severity == FINDING_ERROR)
            count_fault(set, &all->items[i]);
}

bool feeds_load(const char *path, const struct clock *clock, struct arena *a, FILE *to,
                struct feed_set *out, struct err *e)
{
    const char *const *files = NULL;
    size_t n = 0;

    *out = (struct feed_set){0};
    if (!feeds_find(path, a, &files, &n, e))
        return false;
    out->items = calloc(n + 1, sizeof *out->items);
    if (!out->items)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct findings all = {0};
        struct feed *f = feed_load_at(files[i], clock_now_ms(clock), a, &all);

        if (to)
            print_findings(&all, files[i], to);
        out->n_errors += all.n_errors;
        out->n_warnings += all.n_warnings;
        count_faults(out, &all, a);
        if (f && feeds_named(out, feed_name(f))) {
            err_set(e, ERR_CONFIG, 0, "%s: a second feed is called `%s`", files[i], feed_name(f));
            feed_free(f);
            feeds_free(out);
            return false;
        }
        if (f)
            out->items[out->n++] = f;
    }
    return true;
}

static void name_faults(const struct feed_set *set, struct buf *out)
{
    for (size_t i = 0; i < set->n_faults; i++) {
        const struct feed_faults *f = &set->faults[i];

        if (i == 0 || strcmp(f->file, f[-1].file) != 0)
            buf_printf(out, "%s%s: %s", i ? "; " : "", f->file, f->code);
        else
            buf_printf(out, ", %s", f->code);
        if (f->n > 1)
            buf_printf(out, " x%zu", f->n);
    }
}

static void run_tests(struct feed_set *set, FILE *to, struct buf *failed)
{
    for (size_t i = 0; i < set->n; i++) {
        feed_test_run(set->items[i], to, &set->tests[i]);
        if (set->tests[i].failed)
            buf_printf(failed, "%s%s: %d of its tests fail", failed->n ? "; " : "",
                       feed_path(set->items[i]), set->tests[i].failed);
    }
}

bool feeds_fit(struct feed_set *set, FILE *to, struct err *e)
{
    struct buf why = buf_new(sizeof e->text - 8);
    bool fits;

    free(set->tests);
    set->tests = calloc(set->n + 1, sizeof *set->tests);
    if (!set->tests)
        return err_set(e, ERR_BUSY, 0, "out of memory");
    name_faults(set, &why);
    if (!set->n_errors)
        run_tests(set, to, &why);
    fits = !why.n && !why.over;
    if (!fits)
        err_set(e, ERR_CONFIG, 0, "%s%s", why.n ? why.p : "", why.over ? " ..." : "");
    buf_reset(&why);
    return fits;
}

void feeds_free(struct feed_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        feed_free(set->items[i]);
    free(set->items);
    free(set->tests);
    *set = (struct feed_set){0};
}
