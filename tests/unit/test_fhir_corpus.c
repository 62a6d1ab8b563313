/* Every JSON file of the FHIR corpus through the receiver: each is answered with FHIR, nothing crashes, and what
 * was taken is in the store. Prints a table by type. Skipped when the corpus is not there. */
#include <ftw.h>
#include <stdio.h>

#include "fhir_house.h"

static const char corpus[] = "../shared/data/corpus/fhir";

enum { MAX_FILES = 4096, MAX_ROWS = 256, MAX_FILE = 4 << 20 };

struct row {
    char type[48]; /* "Appointment", "Bundle batch" */
    int taken, refused;
    char why[200]; /* codes of the refusals */
};

/* nftw() has no argument of its own: one program, one list. */
static struct {
    char *paths[MAX_FILES];
    size_t n;
} files;

static int on_file(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    size_t n = strlen(path);

    (void)st;
    (void)at;
    if (flag == FTW_F && n > 5 && strcmp(path + n - 5, ".json") == 0 && files.n < MAX_FILES)
        files.paths[files.n++] = strdup(path);
    return 0;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

static struct str read_file(const char *path, struct arena *a)
{
    FILE *f = fopen(path, "rb");
    char *text = arena_get(a, MAX_FILE, 1);
    size_t n = f ? fread(text, 1, MAX_FILE, f) : 0;

    CHECK(f, "%s", path);
    if (f)
        fclose(f);
    return (struct str){text, n};
}

/* Where a client would send it, and under which name it is counted. */
static void sort_out(struct str text, struct arena *a, char head[128], char name[48])
{
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct err e;
    struct str type;

    if (!json_read(text, &limits, a, &root, NULL, &e) || !fhir_type(root).p) {
        snprintf(head, 128, "POST /fhir/Patient");
        snprintf(name, 48, "%s", root ? "no resourceType" : "no JSON");
        return;
    }
    type = fhir_type(root);
    if (str_eq(type, STR("Bundle")))
        snprintf(head, 128, "POST /fhir");
    else
        snprintf(head, 128, "POST /fhir/" STR_FMT, (int)(type.n < 60 ? type.n : 60), type.p);
    snprintf(name, 48, STR_FMT, (int)(type.n < 30 ? type.n : 30), type.p);
    type = json_member_text(root, "type");
    if (strcmp(name, "Bundle") == 0 && type.n < 30)
        snprintf(name + 6, 48 - 6, " " STR_FMT, STR_ARG(type));
}

static struct row *row_of(struct row *rows, size_t *n, const char *name)
{
    for (size_t i = 0; i < *n; i++) {
        if (strcmp(rows[i].type, name) == 0)
            return &rows[i];
    }
    if (*n == MAX_ROWS)
        abort();
    snprintf(rows[*n].type, sizeof rows[*n].type, "%s", name);
    return &rows[(*n)++];
}

static void count(struct house *h, struct row *row, struct str heard, const char *path)
{
    struct json_node *root = json_of(h, heard);
    const struct json_node *issue = json_single(json_member(root, STR("issue")));
    const struct json_node *place = json_single(json_member(issue, STR("expression")));
    struct str code = json_member_text(issue, "code");
    int status = status_of(heard);
    char why[80];

    if (status == 200 || status == 201) {
        row->taken++;
        return;
    }
    row->refused++;
    CHECK(status >= 400 && status < 500, "%s: %d", path, status);
    CHECK(str_eq(json_member_text(root, "resourceType"), STR("OperationOutcome")) && place, "%s",
          path);
    snprintf(why, sizeof why, " %d %.*s at %.*s;", status, (int)(code.n < 20 ? code.n : 20), code.p,
             place && place->text.n < 40 ? (int)place->text.n : 0, place ? place->text.p : "");
    if (!strstr(row->why, why) && strlen(row->why) + strlen(why) < sizeof row->why)
        strcat(row->why, why);
}

int main(void)
{
    static struct row rows[MAX_ROWS];
    int taken = 0, refused = 0;
    struct house h;
    size_t n = 0;

    if (nftw(corpus, on_file, 16, FTW_PHYS) != 0 || files.n == 0) {
        printf("skipped: no %s\n", corpus);
        return check_end();
    }
    qsort(files.paths, files.n, sizeof *files.paths, by_text);
    house_open_with(&h, 0, 5000);
    for (size_t i = 0; i < files.n; i++) {
        struct str text = read_file(files.paths[i], &h.a);
        char head[128], name[48];

        sort_out(text, &h.a, head, name);
        count(&h, row_of(rows, &n, name), ask(&h, head, "application/fhir+json", text),
              files.paths[i]);
        arena_reset(&h.a);
        free(files.paths[i]);
    }
    for (size_t i = 0; i < n; i++) {
        taken += rows[i].taken;
        refused += rows[i].refused;
        printf("%-34s taken %3d refused %3d%s\n", rows[i].type, rows[i].taken, rows[i].refused,
               rows[i].why);
    }
    printf("%zu files: %d taken, %d refused\n", files.n, taken, refused);
    CHECK((size_t)(taken + refused) == files.n && taken > 0, "every file has an answer");
    house_end(&h);
    return check_end();
}
