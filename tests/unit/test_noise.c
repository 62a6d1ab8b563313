/* One fault gives its own finding and nothing that only follows from it. Every file of a sound tenant is broken in
 * every place, one at a time: each key misspelt, each scalar damaged, each line taken out. Then
 *
 *   - nothing crashes, and every finding stands inside a file of the tenant, its end not before its start;
 *   - the same fault gives the same findings again;
 *   - a misspelt key for which the checker has a suggestion gives one error and no warning;
 *   - any other fault gives at most four errors of at most two codes: a name can be used in several places,
 *     and each is said. One exception: a line that opens a block or an item. What it held falls to the block above, where
 *     every part of it is in the wrong place. */
#include <stdlib.h>
#include <sys/wait.h>

#include "base/utf8.h"
#include "check.h"
#include "feed/feed.h"
#include "temp_folder.h"
#include "yaml/yaml.h"

enum { TEXT_MOST = 65536, ERRORS_MOST = 4 };

struct tenant {
    const char *from, *feed;
    const char *files[8];
};

static const struct tenant tenants[] = {
    {"mappings/demo", "demo.yaml", {"demo.yaml", "sites.yaml", "templates.yaml", NULL}},
    {"../shared/design/feed-examples",
     "north.yaml",
     {"north.yaml", "sites.yaml", "templates.yaml", "policy.yaml", "overlays/hudson.yaml", NULL}},
};

struct run {
    const struct tenant *tenant;
    struct temp_folder folder;
    const char *file; /* the one that is broken */
    char *sound;
    size_t n_sound;
    size_t n, most; /* mutants; most errors of one */
};

static bool verbose(void)
{
    return getenv("NOISE") != NULL;
}

static void write_file(const struct run *r, const char *text, size_t n)
{
    char path[512];
    FILE *out = fopen(temp_folder_file(&r->folder, r->file, path), "wb");

    if (!out || fwrite(text, 1, n, out) != n || fclose(out) != 0)
        exit(99);
}

static struct findings load(const struct run *r, struct arena *a)
{
    struct findings all;
    char path[512];

    feed_free(feed_load(temp_folder_file(&r->folder, r->tenant->feed, path), a, &all));
    return all;
}

/* ---- what must hold of every finding ---- */

static struct str file_text(const char *path, struct arena *a)
{
    FILE *in = fopen(path, "rb");
    char *p = arena_get(a, TEXT_MOST, 1);
    struct str text = {p, in ? fread(p, 1, TEXT_MOST, in) : 0};

    if (in)
        (void)fclose(in);
    return text;
}

static bool inside(struct str text, int line, int column)
{
    struct str at;
    int n = 1;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '\n';
    if (line < 1 || column < 1 || line > n)
        return false;
    at = yaml_line(text, line);
    for (n = 1; at.n; n++)
        utf8_next(&at);
    return column <= n;
}

static void check_places(const struct findings *all, const char *what, struct arena *a)
{
    for (size_t i = 0; i < all->n; i++) {
        const struct finding *f = &all->items[i];
        struct str text = file_text(f->file, a);
        bool forward =
            f->end_line > f->line || (f->end_line == f->line && f->end_column >= f->column);

        CHECK(inside(text, f->line, f->column), "%s: %s at %s:%d:%d", what, f->code, f->file,
              f->line, f->column);
        CHECK(forward && inside(text, f->end_line, f->end_column), "%s: %s at %s:%d:%d-%d:%d", what,
              f->code, f->file, f->line, f->column, f->end_line, f->end_column);
    }
}

static void check_same(const struct findings *x, const struct findings *y, const char *what)
{
    CHECK(x->n == y->n, "%s: %zu findings, then %zu", what, x->n, y->n);
    for (size_t i = 0; i < x->n && i < y->n; i++)
        CHECK(strcmp(x->items[i].code, y->items[i].code) == 0 &&
                  x->items[i].line == y->items[i].line &&
                  x->items[i].column == y->items[i].column &&
                  strcmp(x->items[i].text, y->items[i].text) == 0,
              "%s: finding %zu is another one", what, i);
}

static size_t n_codes(const struct findings *all)
{
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++) {
        bool seen = all->items[i].severity != FINDING_ERROR;

        for (size_t k = 0; k < i; k++)
            seen = seen || strcmp(all->items[k].code, all->items[i].code) == 0;
        n += !seen;
    }
    return n;
}

static bool misspelt_with_hint(const struct findings *all)
{
    for (size_t i = 0; i < all->n; i++)
        if ((strcmp(all->items[i].code, "E101") == 0 || strcmp(all->items[i].code, "E503") == 0) &&
            all->items[i].hint)
            return true;
    return false;
}

static void show(const char *what, const struct findings *all)
{
    printf("%s\n", what);
    for (size_t i = 0; i < all->n; i++)
        printf("    %s:%d:%d %s %s\n", all->items[i].file + 20, all->items[i].line,
               all->items[i].column, all->items[i].code, all->items[i].text);
}

static void check_mutant(struct run *r, const char *text, size_t n, const char *what, bool lenient)
{
    struct arena a = {0};
    struct findings all;

    write_file(r, text, n);
    all = load(r, &a);
    r->n++;
    check_places(&all, what, &a);
    if (r->n % 8 == 0) {
        struct findings again = load(r, &a);

        check_same(&all, &again, what);
    }
    if (misspelt_with_hint(&all))
        CHECK(all.n == 1, "%s: %zu findings", what, all.n);
    if (!lenient) {
        CHECK(n_codes(&all) <= 2, "%s: %zu codes", what, n_codes(&all));
        CHECK(all.n_errors <= ERRORS_MOST, "%s: %zu errors", what, all.n_errors);
        if (all.n_errors > r->most)
            r->most = all.n_errors;
    }
    if (verbose() && all.n > 1)
        show(what, &all);
    arena_reset(&a);
}

/* ---- the faults ---- */

static size_t offset_of(const struct run *r, int line, int column)
{
    struct str at = {r->sound, r->n_sound};

    for (int i = 1; i < line; i++)
        (void)str_cut(&at, '\n');
    for (int i = 1; i < column; i++)
        utf8_next(&at);
    return (size_t)(at.p - r->sound);
}

/* The bytes of a node in the sound text replaced. */
static void replace(struct run *r, const struct yaml_node *n, const char *put, const char *how)
{
    size_t from = offset_of(r, n->line, n->column), to = offset_of(r, n->end_line, n->end_column);
    char *text = malloc(r->n_sound + strlen(put) + 1);
    char what[200];

    memcpy(text, r->sound, from);
    memcpy(text + from, put, strlen(put));
    memcpy(text + from + strlen(put), r->sound + to, r->n_sound - to);
    (void)snprintf(what, sizeof(what), "%s:%d:%d %s `" STR_FMT "` -> `%s`", r->file, n->line,
                   n->column, how, STR_ARG(n->text), put);
    check_mutant(r, text, r->n_sound - (to - from) + strlen(put), what, false);
    free(text);
}

static void misspell(struct run *r, const struct yaml_node *key)
{
    char put[200];
    size_t n = key->text.n;

    (void)snprintf(put, sizeof(put), STR_FMT, STR_ARG(key->text));
    if (n > 3) { /* two letters change places */
        char c = put[n - 2];
        put[n - 2] = put[n - 1] == c ? 'q' : put[n - 1];
        put[n - 1] = c;
    } else {
        (void)strcat(put, "q");
    }
    replace(r, key, put, "key");
}

static void walk(struct run *r, const struct yaml_node *n)
{
    if (n->kind == YAML_SCALAR) {
        replace(r, n, "\"%%\"", "value");
        return;
    }
    for (size_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
        walk(r, n->items[i]);
    for (size_t i = 0; n->kind == YAML_MAP && i < n->n; i++) {
        if (!n->pairs[i].key->quoted)
            misspell(r, n->pairs[i].key);
        walk(r, n->pairs[i].value);
    }
}

/* "values:", "phone:   # the first that is valid", "- rule: result". */
static bool opens_block(struct str line)
{
    const char *comment = memmem(line.p, line.n, " #", 2);

    if (comment)
        line.n = (size_t)(comment - line.p);
    line = str_trim(line);
    return line.n && (line.p[line.n - 1] == ':' || line.p[0] == '-');
}

static void without_lines(struct run *r)
{
    char *text = malloc(r->n_sound + 1);
    struct str rest = {r->sound, r->n_sound};

    for (int line = 1; rest.p && rest.n; line++) {
        struct str cut = str_cut(&rest, '\n');
        size_t from = (size_t)(cut.p - r->sound), to = from + cut.n + (rest.p != NULL);
        char what[100];

        memcpy(text, r->sound, from);
        memcpy(text + from, r->sound + to, r->n_sound - to);
        (void)snprintf(what, sizeof(what), "%s: without line %d", r->file, line);
        check_mutant(r, text, r->n_sound - (to - from), what, opens_block(cut));
    }
    free(text);
}

static void on_fault(void *ctx, const char *code, int line, int column, const char *text,
                     const char *hint)
{
    (void)hint;
    CHECK(0, "%s:%d:%d: %s %s", (const char *)ctx, line, column, code, text);
}

static void break_file(struct run *r, const char *file)
{
    struct arena a = {0};
    struct yaml_report to = {on_fault, (void *)(uintptr_t)file};
    char path[512];
    struct str text = file_text(temp_folder_file(&r->folder, file, path), &a);
    const struct yaml_node *root = yaml_parse(text, file, &yaml_limits_standard, &a, &to);

    r->file = file;
    r->sound = (char *)(uintptr_t)text.p;
    r->n_sound = text.n;
    if (root)
        walk(r, root);
    without_lines(r);
    write_file(r, text.p, text.n);
    arena_reset(&a);
}

static bool copy_tenant(struct run *r)
{
    char command[1024];

    temp_folder_make(&r->folder);
    (void)snprintf(command, sizeof(command), "cp -R %s/. %s && chmod -R u+w %s", r->tenant->from,
                   r->folder.path, r->folder.path);
    return system(command) == 0;
}

static void break_tenant(const struct tenant *t)
{
    struct run r = {.tenant = t};

    if (!copy_tenant(&r)) {
        printf("%s is not here: skipped\n", t->from);
        temp_folder_remove(&r.folder);
        return;
    }
    for (size_t i = 0; t->files[i]; i++)
        break_file(&r, t->files[i]);
    printf("%s: %zu faults, at most %zu errors of one\n", t->feed, r.n, r.most);
    CHECK(r.n > 300, "%s: %zu faults", t->feed, r.n);
    temp_folder_remove(&r.folder);
}

int main(void)
{
    for
        EACH (i, tenants)
            break_tenant(&tenants[i]);
    return check_end();
}
