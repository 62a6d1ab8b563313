/* How sensitive what a path or an expression touches is: dictionary first, then the policy's word. */
#include "loading.h"

/* The policy's class for SEG-f.c.s: of its longest entry; 0 pieces when it has none. */
static int declared_hl7(const struct feed *f, const struct hl7_path *p, enum sensitivity *out)
{
    int best = 0;

    for (size_t i = 0; i < f->policy.n_declared; i++) {
        const struct hl7_path *d = &f->policy.declared[i].hl7;
        int pieces = 1 + (d->component != 0) + (d->subcomponent != 0);

        if (!f->policy.declared[i].is_hl7 || strcmp(d->segment, p->segment) != 0 ||
            d->field != p->field || (d->component && d->component != p->component) ||
            (d->subcomponent && d->subcomponent != p->subcomponent) || pieces <= best)
            continue;
        best = pieces;
        *out = f->policy.declared[i].class;
    }
    return best;
}

static enum sensitivity class_of_field(const struct feed *f, const struct hl7_path *p)
{
    enum sensitivity declared = CLASS_PUBLIC;
    bool listed = false;
    enum sensitivity standard = dictionary_hl7(str_of(p->segment), p->field, &listed);

    if (!declared_hl7(f, p, &declared))
        return f->policy.faulty && !listed ? CLASS_PUBLIC : standard;
    return listed ? class_join(standard, declared) : declared;
}

enum sensitivity feed_class_hl7(const struct feed *f, const struct hl7_path *p)
{
    enum sensitivity all = class_of_field(f, p);

    for (size_t i = 0; i < p->n_tests; i++) {
        struct hl7_path tested = *p;

        tested.component = p->tests[i].component;
        tested.subcomponent = p->tests[i].subcomponent;
        all = class_join(all, class_of_field(f, &tested));
    }
    return all;
}

static bool ends_in(struct str s, struct str tail)
{
    return s.n >= tail.n && memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0;
}

static bool declared_fhir(const struct feed *f, struct str path, enum sensitivity *out)
{
    size_t best = 0;

    for (size_t i = 0; i < f->policy.n_declared; i++) {
        const struct declared *d = &f->policy.declared[i];
        bool whole = path.n == d->path.n || (path.n > d->path.n && path.p[d->path.n] == '.');

        if (d->is_hl7 || !str_starts(path, d->path) || !whole || d->path.n <= best)
            continue;
        best = d->path.n;
        *out = d->class;
    }
    return best > 0;
}

static enum sensitivity class_of_chain(const struct feed *f, const struct fhirpath_chain *chain)
{
    enum sensitivity standard, declared = CLASS_PUBLIC;
    bool listed = false;

    if (chain->narrow.p)
        return dictionary_reference(chain->narrow);
    if (ends_in(chain->path, STR(".reference")))
        return dictionary_reference_element(chain->path);
    standard = dictionary_fhir(chain->path, &listed);
    if (!declared_fhir(f, chain->path, &declared))
        return f->policy.faulty && !listed ? CLASS_PUBLIC : standard;
    return listed ? class_join(standard, declared) : declared;
}

enum sensitivity feed_class_fhir(const struct feed *f, const struct fhirpath *x, struct arena *a)
{
    struct fhirpath_chains all = fhirpath_chains(x, a);
    enum sensitivity class = CLASS_PUBLIC;

    for (size_t i = 0; i < all.n; i++)
        class = class_join(class, class_of_chain(f, &all.items[i]));
    return class;
}
