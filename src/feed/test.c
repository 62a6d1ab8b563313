#include "feed/test.h"

#include "explained.h"
#include "report.h"
#include "testing.h"

enum { GOT_MOST = 700 }; /* bytes of what was got in a finding */

struct run {
    const struct feed_test_asked *asked;
    struct testing testing;
    struct report report;
    bool incomplete; /* a test could not run, so what it would have reached is not known */
};

/* ---- one test ---- */

static void print_verdict(const struct test_case *test, const struct test_verdict *v, FILE *to)
{
    fprintf(to, "%s" STR_FMT "\n", v->code[0] ? "FAIL  " : "ok    ", STR_ARG(test->name));
    if (!v->code[0])
        return;
    fprintf(to, "      %s:%d:%d: error[%s]: %s\n", v->at->file, v->at->line, v->at->column, v->code,
            v->why);
    if (v->got)
        fputs(v->got, to);
}

/* "      got  drop: …\n" lines as "drop: …; hold: …", cut between characters. */
static struct str got_in_one_line(const char *got, struct arena *a)
{
    struct str rest = str_of(got), line = {"", 0};

    while (rest.p) {
        struct str one = str_trim(str_cut(&rest, '\n'));

        if (one.n)
            line = arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(line), line.n ? "; " : "",
                                STR_ARG(one));
    }
    if (line.n <= GOT_MOST)
        return line;
    for (line.n = GOT_MOST; line.n && ((unsigned char)line.p[line.n] & 0xC0) == 0x80;)
        line.n--;
    return arena_printf(a, STR_FMT " …", STR_ARG(line));
}

static void report_verdict(struct run *r, const struct test_case *test,
                           const struct test_verdict *v, struct arena *a)
{
    if (strcmp(v->code, "E901") == 0)
        report_at(&r->report, v->code, v->at, NULL, "test `" STR_FMT "` fails: %s; " STR_FMT,
                  STR_ARG(test->name), v->why, STR_ARG(got_in_one_line(v->got, a)));
    else if (strcmp(v->code, "E902") == 0)
        report_at(&r->report, v->code, v->at, "`tidings scrub` makes samples without real people",
                  "%s", v->why);
    else
        report_at(&r->report, v->code, v->at, NULL, "test `" STR_FMT "` cannot run: %s",
                  STR_ARG(test->name), v->why);
}

static bool is_asked(const struct run *r, const struct test_case *test)
{
    const char *only = r->asked->only;

    return !only || !only[0] || memmem(test->name.p, test->name.n, only, strlen(only)) != NULL;
}

static void run_group(struct run *r, const struct test_group *group, struct feed_test_count *out)
{
    struct feed_test_count here = {0, 0};

    for (size_t i = 0; i < group->n; i++) {
        struct arena a = {0};
        struct test_verdict v;

        if (!is_asked(r, &group->tests[i]))
            continue;
        test_run(&r->testing, &group->tests[i], &a, NULL, &v);
        if (v.code[0])
            here.failed++;
        else
            here.passed++;
        if (v.code[0])
            report_verdict(r, &group->tests[i], &v, &a);
        r->incomplete |= v.code[0] && strcmp(v.code, "E901") != 0;
        if (r->asked->to)
            print_verdict(&group->tests[i], &v, r->asked->to);
        arena_reset(&a);
    }
    if (r->asked->to)
        fprintf(r->asked->to, "%d passed, %d failed\n", here.passed, here.failed);
    out->passed += here.passed;
    out->failed += here.failed;
}

/* ---- what no test reaches ---- */

static void report_reach(struct run *r)
{
    const struct feed *f = r->testing.f;

    for (size_t i = 0; i < f->maps[0].n_rules; i++) {
        const struct rule *rule = &f->maps[0].rules[i];
        const struct yaml_pair *label = yaml_pair_of(rule->node, "rule");

        if (!r->testing.rule_seen[i] && label)
            report_at(&r->report, "W903", label->key, NULL,
                      "no test gives an instance of rule `" STR_FMT "`", STR_ARG(rule->label));
    }
    for (size_t i = 1; i < f->n_maps; i++) {
        const struct yaml_node *of = yaml_get(yaml_get(f->maps[i].overlay_node, "overlay"), "of");

        if (!r->testing.map_seen[i] && of)
            report_at(&r->report, "W907", of, NULL, "no test gives an instance of overlay `%s`",
                      f->maps[i].overlay);
    }
}

/* ---- fields of samples that nobody reads ---- */

struct field {
    struct str path;
    enum sensitivity class;
    const struct test_sample *sample;
    bool read;
};

struct fields {
    struct field *items;
    size_t n, room;
    struct arena a;
};

static struct field *field_of(struct fields *all, struct str path)
{
    for (size_t i = 0; i < all->n; i++)
        if (str_eq(all->items[i].path, path))
            return &all->items[i];
    if (all->n == all->room) {
        size_t room = all->room ? 2 * all->room : 64;
        struct field *more = NEW_ARRAY(&all->a, struct field, room);

        if (all->n)
            memcpy(more, all->items, all->n * sizeof(*more));
        all->items = more;
        all->room = room;
    }
    all->items[all->n] = (struct field){.path = arena_copy(&all->a, path)};
    return &all->items[all->n++];
}

static void gather_sample(struct run *r, const struct test_sample *sample, struct fields *all)
{
    const struct feed_input in = {
        .kind = sample->kind, .body = sample->body, .key = STR("tidings-test-key")};
    struct explained x;
    struct err ignored;

    if (sample->state != FILE_READ || !explained_make(r->testing.f, &in, &x, &ignored))
        return;
    for (size_t i = 0; i < x.n_unread; i++) {
        struct field *field = field_of(all, x.unread[i].path);

        field->class = x.unread[i].class;
        if (!field->sample)
            field->sample = sample;
    }
    for (size_t i = 0; i < x.trace.n_hl7_reads; i++)
        field_of(all, arena_printf(&x.arena, "%s-%d", x.trace.hl7_reads[i].segment,
                                   x.trace.hl7_reads[i].field))
            ->read = true;
    for (size_t i = 0; i < x.trace.n_fhir_reads; i++)
        field_of(all, x.trace.fhir_reads[i])->read = true;
    arena_reset(&x.arena);
}

/* An element counts as read where something above it is. */
static bool is_read(const struct fields *all, struct str path)
{
    for (size_t i = 0; i < all->n; i++) {
        struct str read = all->items[i].path;

        if (all->items[i].read && str_starts(path, read) &&
            (path.n == read.n || path.p[read.n] == '.'))
            return true;
    }
    return false;
}

static void report_unread(struct run *r)
{
    struct fields all = {.n = 0};

    for (size_t i = 0; i < r->testing.n_samples; i++)
        gather_sample(r, r->testing.samples[i], &all);
    for (size_t i = 0; i < all.n; i++) {
        const struct field *field = &all.items[i];

        if (field->sample && field->class >= CLASS_DIRECTORY && field->class <= CLASS_CONTACT &&
            !is_read(&all, field->path))
            report_at(&r->report, "W905", field->sample->at, NULL,
                      "`" STR_FMT "` (%s) of sample `%s` is read by no rule", STR_ARG(field->path),
                      class_name(field->class), field->sample->name);
    }
    arena_reset(&all.a);
}

/* ---- all ---- */

static void add_texts(struct run *r, struct arena *a)
{
    const struct feed *f = r->testing.f;
    const char *slash = strrchr(f->path, '/');

    for (size_t g = 0; g < f->n_groups; g++) {
        const char *file = f->groups[g].file;
        struct str text;

        if (g == 0)
            file = slash ? slash + 1 : f->path;
        if (file_read(f->folder, file, FEED_MAX_FILE, a, &text) == FILE_READ)
            report_text_add(&r->report, f->groups[g].file, text);
    }
}

void feed_test_check(const struct feed *f, const struct feed_test_asked *asked, struct arena *a,
                     struct findings *io, struct feed_test_count *out)
{
    struct run r = {.asked = asked, .report = {.a = a, .feed = f->path}};
    struct findings more;

    *out = (struct feed_test_count){0, 0};
    testing_begin(&r.testing, f, a);
    for (size_t g = 0; g < f->n_groups; g++)
        run_group(&r, &f->groups[g], out);
    if (!asked->only && !r.incomplete)
        report_reach(&r);
    if (asked->unread)
        report_unread(&r);
    if (!r.report.n)
        return;
    add_texts(&r, a);
    report_end(&r.report, &more);
    findings_join(io, &more, a);
}

void feed_test_run(const struct feed *f, FILE *to, struct feed_test_count *out)
{
    const struct feed_test_asked asked = {.to = to};
    struct findings ignored = {0};
    struct arena a = {0};

    feed_test_check(f, &asked, &a, &ignored, out);
    arena_reset(&a);
}
