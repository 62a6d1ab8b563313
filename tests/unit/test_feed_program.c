/* The flat form: what a tenant compiles to, word for word, and what holds for every program. */
#include <stdlib.h>
#include <unistd.h>

#include "../../src/feed/program.h"
#include "check.h"
#include "tenant.h"

/* Of the small tenant: the rule for results with the value that only it has, and what the overlay changes. */
static const char rule[] = "  86  rule      `result`  [feed.yaml:50:5]\n"
                           "  87  only_if   `OBR-25 in (F, C)`  [feed.yaml:53:20]\n"
                           "  88  sensitive  [feed.yaml:55:12]\n"
                           "  89  value     result_key @98  [feed.yaml:63:7]\n"
                           "  90  value     patient_key @27  [feed.yaml:59:7]\n"
                           "  91  value     phone @31  [feed.yaml:60:7]\n"
                           "  92  value     language @36  [feed.yaml:61:7]\n"
                           "  93  site      site  [feed.yaml:62:7]\n"
                           "  94  standard  state `ready`  [feed.yaml:57:11]\n"
                           "  95  compose    [feed.yaml:57:11]\n"
                           "  96  look       [feed.yaml:57:11]\n"
                           "  97  end        [feed.yaml:50:5]\n"
                           "  98  try       `OBR-3.1` ->101  [feed.yaml:63:25]\n"
                           "  99  carry     ->101  [feed.yaml:63:19]\n"
                           " 100  else      `reject(no filler number)`  [feed.yaml:63:55]\n"
                           " 101  end        [feed.yaml:63:19]\n";
static const char overlay[] = "  31  try       `ZPI-4` ->35  [overlays/lion.yaml:3:17]\n"
                              "  32  try       `PID-13(3=CP)` ->35  [overlays/lion.yaml:3:24]\n";

static struct feed *load(const char *path)
{
    struct arena a = {0};
    struct findings all;
    struct feed *f = feed_load(path, &a, &all);

    CHECK(f != NULL, "%s: %zu errors", path, all.n_errors);
    if (!f)
        exit(check_end());
    arena_reset(&a);
    return f;
}

static void test_golden(void)
{
    struct tenant t;
    struct buf out = buf_new(1 << 20);
    struct feed *f;

    tenant_make(&t);
    CHECK(chdir(t.folder.path) == 0, "in its folder");
    f = load("feed.yaml");
    program_print(f, &out);
    CHECK(memmem(out.p, out.n, rule, sizeof rule - 1) != NULL, "%s", out.p);
    CHECK(memmem(out.p, out.n, overlay, sizeof overlay - 1) != NULL, "%s", out.p);
    buf_reset(&out);
    feed_free(f);
    tenant_remove(&t);
}

/* Goes along one run as it goes when nothing jumps; false when it does not end inside the program. */
static bool run_ends(const struct program *p, size_t pc, bool of_value)
{
    for (; pc < p->n && p->ops[pc].code != OP_END; pc++) {
        const struct op *op = &p->ops[pc];
        bool value_op = op->code >= OP_TRY;

        if (value_op != of_value || (op->to && (op->to <= pc || p->ops[op->to].code != OP_END)))
            return false;
        if (op->code == OP_VALUE && !run_ends(p, op->arg, true))
            return false;
        if (!p->spans[pc].file[0] || p->spans[pc].line < 1 || p->spans[pc].column < 1)
            return false;
    }
    return pc < p->n;
}

static void check_feed(const char *path)
{
    struct feed *f = load(path);

    for (size_t k = 0; k < f->n_maps; k++) {
        const struct map *m = &f->maps[k];
        size_t composed = 0, rules = 0;

        for (size_t i = 0; i < m->n_rules; i++)
            for (int side = 0; side < SIDES; side++) {
                CHECK(!m->rules[i].entry[side] == !m->rules[i].n_on[side], "rule %zu", i);
                if (m->rules[i].entry[side])
                    CHECK(run_ends(&m->program, m->rules[i].entry[side], false), "%s rule %zu",
                          path, i);
                rules += m->rules[i].entry[side] != 0;
            }
        for (size_t pc = 0; pc < m->program.n; pc++)
            composed += m->program.ops[pc].code == OP_COMPOSE;
        CHECK(composed == rules && rules > 0, "%s: %zu runs, %zu compose", path, rules, composed);
    }
    feed_free(f);
}

int main(void)
{
    static const char north[] = "../shared/design/feed-examples/north.yaml";

    check_feed("mappings/demo/demo.yaml");
    if (access(north, R_OK) == 0)
        check_feed(north);
    else
        printf("skipped: %s is not here\n", north);
    test_golden();
    return check_end();
}
