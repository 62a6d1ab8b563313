/* Every code of the table has a bad and a good example in fixtures/codes, and they are what they say: the bad one
 * gives exactly that code and nothing else, the good one gives nothing. CODE.yaml says what to put into a file of
 * fixtures/codes/base:
 *
 *   file, find    the place; `find` stands there once
 *   bad, good     what is put in its place
 *   also          further edits of both: file, find, put
 *   encoding      latin-1: `bad` is written so, not as UTF-8 */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "check.h"
#include "feed/code.h"
#include "feed/test.h"
#include "temp_folder.h"
#include "yaml/yaml.h"

static const char *const base[] = {
    "feed.yaml",           "sites.yaml",           "templates.yaml",
    "policy.yaml",         "overlays/hudson.yaml", "tables/site.csv",
    "tables/status.csv",   "tables/ordinary.csv",  "samples/siu-s12.hl7",
    "samples/oru-r01.hl7",
};
enum { FILES = sizeof(base) / sizeof(base[0]), TEXT_MOST = 65536 };

struct tenant_text {
    char *files[FILES]; /* malloc'ed */
};

static char *read_text(const char *path)
{
    FILE *in = fopen(path, "rb");
    char *text = calloc(1, TEXT_MOST);

    if (!in || !text || fread(text, 1, TEXT_MOST - 1, in) == 0) {
        printf("%s cannot be read\n", path);
        exit(99);
    }
    (void)fclose(in);
    return text;
}

static void put(struct tenant_text *t, const char *code, const struct yaml_node *edit,
                struct str text)
{
    const char *find = yaml_get(edit, "find")->text.p, *file = yaml_get(edit, "file")->text.p;

    for (size_t i = 0; i < FILES; i++) {
        char *at, *old = t->files[i], *new;

        if (strcmp(base[i], file) != 0)
            continue;
        at = strstr(old, find);
        CHECK(at && !strstr(at + 1, find), "%s: `find` must stand once in %s", code, file);
        if (!at)
            return;
        new = calloc(1, strlen(old) + text.n + 1);
        memcpy(new, old, (size_t)(at - old));
        memcpy(new + (at - old), text.p, text.n);
        strcpy(new + (at - old) + text.n, at + strlen(find));
        free(old);
        t->files[i] = new;
        return;
    }
    CHECK(0, "%s: no file %s in the base", code, file);
}

static void write_tenant(const struct tenant_text *t, const struct temp_folder *folder)
{
    static const char *const folders[] = {"overlays", "tables", "samples"};
    char path[512];

    for (size_t i = 0; i < 3; i++)
        (void)mkdir(temp_folder_file(folder, folders[i], path), 0700);
    for (size_t i = 0; i < FILES; i++) {
        FILE *out = fopen(temp_folder_file(folder, base[i], path), "wb");

        if (!out || fputs(t->files[i], out) < 0 || fclose(out) != 0)
            exit(99);
    }
}

static struct str latin_1(struct arena *a, struct str s)
{
    char *out = arena_get(a, s.n + 1, 1);
    size_t n = 0;

    while (s.n)
        out[n++] = (char)utf8_next(&s);
    return (struct str){out, n};
}

/* The findings of the base with the example's text put in. */
static struct findings check_example(const char *code, const struct yaml_node *example,
                                     const char *which, struct arena *a)
{
    const struct yaml_node *also = yaml_get(example, "also");
    const struct feed_test_asked asked = {.unread = strcmp(code, "W905") == 0};
    const int64_t now = INT64_C(1795305600000); /* 2026-11-22 */
    struct str text = yaml_get(example, which)->text;
    struct feed_test_count count = {0};
    struct tenant_text t;
    struct temp_folder folder;
    struct findings all;
    struct feed *f;
    char path[512];

    for (size_t i = 0; i < FILES; i++)
        t.files[i] = read_text(arena_printf(a, "fixtures/codes/base/%s", base[i]).p);
    if (yaml_get(example, "encoding") && strcmp(which, "bad") == 0)
        text = latin_1(a, text);
    put(&t, code, example, text);
    for (size_t i = 0; also && i < also->n; i++)
        put(&t, code, also->items[i], yaml_get(also->items[i], "put")->text);
    temp_folder_make(&folder);
    write_tenant(&t, &folder);
    f = feed_load_at(temp_folder_file(&folder, "feed.yaml", path), now, a, &all);
    if (f)
        feed_test_check(f, &asked, a, &all, &count);
    feed_free(f);
    temp_folder_remove(&folder);
    for (size_t i = 0; i < FILES; i++)
        free(t.files[i]);
    return all;
}

static void print_all(const struct findings *all)
{
    for (size_t i = 0; i < all->n; i++)
        finding_print(&all->items[i], stdout);
}

static void on_fault(void *ctx, const char *code, int line, int column, const char *text,
                     const char *hint)
{
    (void)hint;
    CHECK(0, "%s:%d:%d: %s %s", (const char *)ctx, line, column, code, text);
}

static void check_bad(const char *code, const struct yaml_node *example, struct arena *a)
{
    struct findings all = check_example(code, example, "bad", a);
    size_t same = 0;

    for (size_t i = 0; i < all.n; i++)
        same += strcmp(all.items[i].code, code) == 0;
    CHECK(same > 0 && same == all.n, "%s, bad: %zu of %zu findings", code, same, all.n);
    if (same == 0 || same != all.n)
        print_all(&all);
}

static void check_code(const struct code *c)
{
    struct arena a = {0};
    const char *file = arena_printf(&a, "fixtures/codes/%s.yaml", c->code).p;
    struct yaml_report to = {on_fault, (void *)(uintptr_t)file};
    char *text = read_text(file);
    const struct yaml_node *example =
        yaml_parse(str_of(text), file, &yaml_limits_standard, &a, &to);
    struct findings all;

    check_bad(c->code, example, &a);
    all = check_example(c->code, example, "good", &a);
    CHECK(all.n == 0, "%s, good: %zu findings", c->code, all.n);
    print_all(&all);
    free(text);
    arena_reset(&a);
}

/* What the pages, SARIF and people read. */
static void check_texts(const struct code *c, const struct code *before)
{
    CHECK(strlen(c->code) == 4 && (c->code[0] == 'E' || c->code[0] == 'W'), "%s", c->code);
    CHECK(!before || strcmp(before->code, c->code) < 0, "%s is out of order", c->code);
    CHECK(code_find(c->code) == c, "%s is not found", c->code);
    CHECK(code_severity(c->code) == (c->code[0] == 'E' ? FINDING_ERROR : FINDING_WARNING), "%s",
          c->code);
    CHECK(c->title[0] && c->title[strlen(c->title) - 1] != '.', "%s: title", c->code);
    CHECK(c->cause[0] && c->cause[strlen(c->cause) - 1] == '.', "%s: cause", c->code);
    CHECK(c->repair[0] && c->repair[strlen(c->repair) - 1] == '.', "%s: repair", c->code);
    for (const char *p = c->name; *p; p++)
        CHECK((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '-', "%s: %s", c->code,
              c->name);
    for (size_t i = 0; code_at(i) != c; i++)
        CHECK(strcmp(code_at(i)->name, c->name) != 0, "%s: the name %s is taken", c->code, c->name);
}

int main(void)
{
    CHECK(code_count() == 77, "%zu codes", code_count());
    for (size_t i = 0; i < code_count(); i++) {
        check_texts(code_at(i), i ? code_at(i - 1) : NULL);
        check_code(code_at(i));
    }
    CHECK(!code_find("E999"), "E999 is a code");
    return check_end();
}
