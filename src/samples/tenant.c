#include "samples/tenant.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "expected.h"
#include "feed/feed.h"
#include "feed/schema.h"
#include "samples/source.h"
#include "seal/seal.h"
#include "write.h"

enum { TEXT_MOST = 1 << 20 };

static bool make_folder(const char *path, struct err *e)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST ||
           err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
}

static bool is_empty(const char *folder, struct err *e)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    bool empty = true;

    if (!d)
        return errno == ENOENT || err_set(e, ERR_CONFIG, errno, "%s: %s", folder, strerror(errno));
    while ((entry = readdir(d)))
        empty &= strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(d);
    return empty || err_set(e, ERR_CONFIG, 0,
                            "%s: is not empty; nothing is written over. Name a new folder", folder);
}

static bool write_text(const struct plan *p, const char *name, struct str text, struct err *e)
{
    const char *path = arena_printf(p->arena, "%s/%s", p->set->folder, name).p;
    FILE *f = fopen(path, "wbe");
    bool ok;

    if (!f)
        return err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
    ok = fwrite(text.p, 1, text.n, f) == text.n;
    ok = fclose(f) == 0 && ok;
    return ok || err_set(e, ERR_CONFIG, errno, "%s: %s", path, strerror(errno));
}

/* Takes the buffer with it; an empty one makes no file. */
static bool write_buf(const struct plan *p, const char *name, struct buf *b, struct err *e)
{
    bool ok = b->n == 0 || write_text(p, name, buf_str(b), e);

    buf_reset(b);
    return ok;
}

static const char *feed_file(const struct plan *p)
{
    return arena_printf(p->arena, "%s.yaml", p->name).p;
}

static bool write_tables(const struct plan *p, struct err *e)
{
    const char *name;
    struct buf b = buf_new(TEXT_MOST);

    for (size_t i = 0; write_table(p, i, &name, &b); i++) {
        if (name && !write_buf(p, arena_printf(p->arena, "tables/%s", name).p, &b, e))
            return false;
        buf_reset(&b);
    }
    return true;
}

static bool write_schemas(const struct plan *p, struct err *e)
{
    for (size_t i = 0; feed_schema_kind(i); i++) {
        struct buf b = buf_new(TEXT_MOST);

        if (!feed_schema_write(feed_schema_kind(i), &b) ||
            !write_buf(p, arena_printf(p->arena, "schema/%s.json", feed_schema_kind(i)).p, &b, e))
            return false;
    }
    return true;
}

static bool write_samples(const struct plan *p, const struct chosen_list *samples, struct err *e)
{
    for (size_t i = 0; i < samples->n; i++)
        if (!write_text(p, arena_printf(p->arena, "samples/%s", samples->items[i].file).p,
                        samples->items[i].body, e))
            return false;
    return true;
}

static bool write_sites_as(const struct plan *p, bool draft, struct err *e)
{
    struct buf b = buf_new(TEXT_MOST);

    write_sites(p, draft, &b);
    return write_buf(p, "sites.yaml", &b, e);
}

static bool write_feed_with(const struct plan *p, struct str tests, struct err *e)
{
    struct buf b = buf_new(TEXT_MOST);

    write_feed(p, tests, &b);
    return write_buf(p, feed_file(p), &b, e);
}

static bool write_rest(const struct plan *p, size_t n_samples, struct err *e)
{
    struct buf templates = buf_new(TEXT_MOST), settings = buf_new(TEXT_MOST),
               readme = buf_new(TEXT_MOST), codes = buf_new(TEXT_MOST), policy = buf_new(TEXT_MOST);

    write_templates(p, &templates);
    write_settings(p, &settings);
    write_readme(p, n_samples, &readme);
    write_codes_found(p, &codes);
    if (p->local_phones)
        write_policy(p, &policy);
    return write_buf(p, "templates.yaml", &templates, e) &&
           write_buf(p, "tidings.yaml", &settings, e) && write_buf(p, "README.md", &readme, e) &&
           write_buf(p, "codes-found.csv", &codes, e) &&
           write_buf(p, "policy.example", &policy, e) &&
           write_text(p, ".gitignore", STR("secrets/\nvar/\n"), e);
}

static bool make_folders(const struct plan *p, struct err *e)
{
    static const char *const names[] = {"tables", "samples", "schema", "secrets"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!make_folder(arena_printf(p->arena, "%s/%s", p->set->folder, names[i]).p, e))
            return false;
    return true;
}

/* The tests say what the feed does; a draft of it is loaded for that, with what is open filled in. */
static bool write_tests(const struct plan *p, const struct chosen_list *samples, struct err *e)
{
    const char *path = arena_printf(p->arena, "%s/%s", p->set->folder, feed_file(p)).p;
    struct buf tests = buf_new(TEXT_MOST);
    struct findings findings;
    struct feed *feed;
    bool ok;

    if (!write_sites_as(p, true, e) || !write_feed_with(p, STR(""), e))
        return false;
    feed = feed_load(path, p->arena, &findings);
    if (feed)
        expected_write(feed, p, samples, &tests);
    feed_free(feed);
    ok = write_feed_with(p, buf_str(&tests), e) && write_sites_as(p, false, e);
    buf_reset(&tests);
    return ok;
}

static bool read_samples(const struct tenant_settings *set, const char *const *files, size_t n,
                         struct profile *p, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a = {0};
        struct str bytes = STR("");
        bool ok = source_read(files[i], &a, &bytes, e);

        if (ok)
            profile_file(p, files[i], bytes, set->faults);
        arena_reset(&a);
        if (!ok)
            return false;
    }
    profile_sort(p);
    return p->n_messages > 0 ||
           err_set(e, ERR_CONFIG, 0, "%s: no message that can be read", set->from);
}

static bool has_rule(const struct plan *p, struct err *e)
{
    for (int f = 0; f < FAMILIES; f++)
        if (plan_has(p, (enum family)f))
            return true;
    return err_set(e, ERR_CONFIG, 0,
                   "%s: none of these messages has an event to lead to: see tidings profile %s",
                   p->set->from, p->set->from);
}

static void tell(const struct plan *p, size_t n_samples)
{
    FILE *to = p->set->say;

    (void)fprintf(to, "%s: feed %s, %zu site(s), %zu samples of %zu messages\n", p->set->folder,
                  p->name, p->n_sites, n_samples, p->profile->n_messages);
    for (int f = 0; f < FAMILIES; f++)
        if (plan_has(p, (enum family)f))
            (void)fprintf(to, "  %-18s %zu trigger(s)%s\n", plan_events[f], p->families[f].n_hl7,
                          p->families[f].fhir ? " and FHIR" : "");
    if (p->n_rare_sites)
        (void)fprintf(
            to,
            "Left out: %zu sender(s) of few messages (%s of the profile); nothing is sent "
            "for them before tables/site.csv has them\n",
            p->n_rare_sites, p->site_path);
    if (!p->set->name || !p->zone || !p->country)
        (void)fprintf(to, "To be decided in sites.yaml:%s%s%s\n", p->set->name ? "" : " name",
                      p->zone ? "" : " zone", p->country ? "" : " country");
    (void)fprintf(to, "Next: tidings check %s\n", p->set->folder);
}

bool tenant_make(const struct tenant_settings *set, struct err *e)
{
    struct profile profile;
    struct chosen_list samples = {.n = 0};
    const char *const *files = NULL;
    struct plan plan;
    size_t n = 0;
    bool ok;

    profile_init(&profile, set->countries, set->n_countries);
    ok = is_empty(set->folder, e) && source_files(set->from, &profile.arena, &files, &n, e) &&
         read_samples(set, files, n, &profile, e);
    if (ok) {
        plan_make(&profile, set, &plan);
        ok = has_rule(&plan, e) && chosen_read(&plan, files, n, &samples, e);
    }
    if (ok) {
        chosen_scrub(&plan, &samples);
        ok = make_folder(set->folder, e) && make_folders(&plan, e) && write_tables(&plan, e) &&
             write_schemas(&plan, e) && write_samples(&plan, &samples, e) &&
             write_rest(&plan, samples.n, e) && write_tests(&plan, &samples, e);
    }
    if (ok)
        tell(&plan, samples.n);
    profile_free(&profile);
    return ok;
}
