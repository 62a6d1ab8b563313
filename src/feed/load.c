#include <stdlib.h>

#include "base/encode.h"
#include "defined.h"
#include "files.h"
#include "hosts.h"
#include "program.h"
#include "seal/seal.h"

/* The version of a feed is the digest of its files' digests, in the order they are read. */
static void digest_add(struct loading *l, struct str text)
{
    if (l->n_digests == l->digest_room) {
        size_t room = l->digest_room ? 2 * l->digest_room : 16;
        uint8_t *more = arena_get(l->a, room, SEAL_HASH_BYTES);

        if (l->n_digests)
            memcpy(more, l->digests, l->n_digests * SEAL_HASH_BYTES);
        l->digests = more;
        l->digest_room = room;
    }
    seal_sha256(text, l->digests + SEAL_HASH_BYTES * l->n_digests++);
}

bool loading_read(struct loading *l, const char *relative, size_t max, const struct yaml_node *at,
                  struct str *out)
{
    switch (file_read(l->f->folder, relative, max, l->a, out)) {
    case FILE_READ:
        digest_add(l, str_of(relative));
        digest_add(l, *out);
        report_text_add(l->r, relative, *out);
        return true;
    case FILE_OUTSIDE:
        report_at(l->r, "E007", at, NULL, "`%s` is outside the tenant folder", relative);
        return false;
    case FILE_MISSING:
        report_at(l->r, "E007", at, NULL, "`%s` cannot be read", relative);
        return false;
    case FILE_TOO_LARGE:
        report_at(l->r, "E006", at, NULL, "`%s` is larger than %zu MiB", relative, max >> 20);
        return false;
    }
    return false;
}

struct yaml_fault_place {
    struct report *r;
    const char *file;
};

static void on_fault(void *ctx, const char *code, int line, int column, const char *text,
                     const char *hint)
{
    const struct yaml_fault_place *at = ctx;

    report_place(at->r, code, (struct report_place){at->file, line, column, 0, 0}, hint, "%s",
                 text);
}

static struct yaml_node *parse(struct loading *l, struct str text, const char *file)
{
    const char *name = arena_copy(l->a, str_of(file)).p;
    struct yaml_fault_place at = {l->r, name};
    struct yaml_report to = {on_fault, &at};

    return yaml_parse(text, name, &yaml_limits_standard, l->a, &to);
}

struct yaml_node *loading_yaml(struct loading *l, const char *relative, const struct yaml_node *at)
{
    struct str text;

    return loading_read(l, relative, FEED_MAX_FILE, at, &text) ? parse(l, text, relative) : NULL;
}

static void load_version(struct loading *l, const struct yaml_node *n)
{
    const char *const *versions = key_words(BLOCK_READS, "hl7");
    int i = shape_word(l, n, versions);

    if (i < 0)
        return;
    l->f->version_hl7 = hl7_version_find(n->text);
    l->f->version_text = versions[i];
}

static void load_release(struct loading *l, const struct yaml_node *n)
{
    if (shape_word(l, n, key_words(BLOCK_READS, "fhir")) >= 0)
        (void)fhir_release_named(n->text, &l->f->release);
}

static void load_reads(struct loading *l, const struct yaml_node *map)
{
    l->f->reads[SIDE_HL7] = l->f->reads[SIDE_FHIR] = true; /* unless it says which */
    if (!shape_map(l, map, "reads"))
        return;
    shape_keys(l, map, BLOCK_READS);
    l->f->reads[SIDE_HL7] = yaml_get(map, "hl7") != NULL;
    l->f->reads[SIDE_FHIR] = yaml_get(map, "fhir") != NULL;
    if (yaml_get(map, "hl7"))
        load_version(l, yaml_get(map, "hl7"));
    if (yaml_get(map, "fhir"))
        load_release(l, yaml_get(map, "fhir"));
    if (map->n == 0)
        report_at(l->r, "E103", map, NULL, "`reads` names neither hl7 nor fhir");
}

static void load_uses(struct loading *l, const struct yaml_node *map)
{
    if (!shape_map(l, map, "uses"))
        return;
    shape_keys(l, map, BLOCK_USES);
    sites_load(l, shape_required(l, map, "sites"));
    templates_load(l, shape_required(l, map, "templates"));
    tables_load(l, shape_required(l, map, "tables"));
    if (yaml_get(map, "policy"))
        policy_load(l, yaml_get(map, "policy"));
}

static void load_feed(struct loading *l, const struct yaml_node *root)
{
    const struct yaml_node *name = yaml_get(root, "feed"), *keyspace;

    l->feed_root = root;
    shape_keys(l, root, BLOCK_FEED);
    keyspace = yaml_get(root, "keyspace");
    if (shape_name(l, name, "feed"))
        l->f->name = name->text.p;
    l->f->keyspace = STR("main");
    if (keyspace && shape_name(l, keyspace, "keyspace"))
        l->f->keyspace = keyspace->text;
    load_reads(l, shape_required(l, root, "reads"));
    load_uses(l, shape_required(l, root, "uses"));
    templates_finish(l);
    hosts_check(l);
    if (!l->table_used)
        l->table_used = NEW_ARRAY(l->a, bool, 1);
    shape_list(l, shape_required(l, root, "rules"), "rules");
    overlays_find(l);
    maps_load(l);
    notify_load(l, shape_required(l, root, "notify"));
    tests_load(l);
    changes_defined(l);
    check_occurrence(l);
    check_flow(l);
    check_unused(l);
}

/* The folder a path lies in, and the name behind it. */
static const char *split_path(struct arena *a, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');

    *name = slash ? slash + 1 : path;
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_copy(a, (struct str){path, (size_t)(slash - path)}).p;
}

static void load(struct loading *l)
{
    const struct report_place start = {l->f->path, 1, 1, 0, 0};
    const struct yaml_node *root;
    const char *name;
    struct str text;

    l->f->folder = split_path(l->a, l->f->path, &name);
    switch (file_read(l->f->folder, name, FEED_MAX_FILE, l->a, &text)) {
    case FILE_READ:
        break;
    case FILE_MISSING:
    case FILE_OUTSIDE:
        report_place(l->r, "E007", start, NULL, "this file cannot be read");
        return;
    case FILE_TOO_LARGE:
        report_place(l->r, "E006", start, NULL, "this file is larger than 1 MiB");
        return;
    }
    digest_add(l, text);
    report_text_add(l->r, l->f->path, text);
    root = parse(l, text, l->f->path);
    if (!root)
        return;
    if (root->kind != YAML_MAP || !yaml_get(root, "feed")) {
        report_at(l->r, "E009", root, "a feed has the key `feed`", "this file is not a feed");
        return;
    }
    load_feed(l, root);
}

struct feed *feed_load_at(const char *path, int64_t now_ms, struct arena *a, struct findings *out)
{
    struct feed *f = calloc(1, sizeof(*f));
    struct report r = {.a = a, .feed = path};
    struct loading l = {.f = f, .r = &r, .now_ms = now_ms};
    uint8_t version[SEAL_HASH_BYTES];

    if (!f)
        abort(); /* out of memory */
    l.a = &f->arena;
    f->path = arena_copy(l.a, str_of(path)).p;
    load(&l);
    seal_sha256((struct str){(const char *)l.digests, l.n_digests * SEAL_HASH_BYTES}, version);
    hex_encode(version, sizeof(version), f->version);
    if (!report_has_errors(&r))
        programs_make(&l);
    report_end(&r, out);
    if (out->n_errors) {
        feed_free(f);
        return NULL;
    }
    return f;
}

struct feed *feed_load(const char *path, struct arena *a, struct findings *out)
{
    return feed_load_at(path, 0, a, out);
}

void feed_free(struct feed *f)
{
    if (!f)
        return;
    arena_reset(&f->arena);
    free(f);
}

const char *feed_name(const struct feed *f)
{
    return f->name;
}

const char *feed_path(const struct feed *f)
{
    return f->path;
}

const char *feed_version(const struct feed *f)
{
    return f->version;
}
