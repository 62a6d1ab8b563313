/* How sensitive what a path or an expression touches is: the dictionary, raised by the policy's word. */
#include "loading.h"

/* What the policy says of one path. */
struct word {
    size_t depth; /* how long the entry is; 0: there is none */
    enum sensitivity class;
};

/* The longest entry counts; of two of one length the higher. */
static void hear(struct word *w, size_t depth, enum sensitivity class)
{
    if (depth > w->depth)
        *w = (struct word){depth, class};
    else if (depth == w->depth)
        w->class = class_join(w->class, class);
}

/* A policy can only raise what a standard defines. That is asked at load (policy.c) and again here, where
 * the class comes from, so that no entry that slips through there lowers anything. */
static enum sensitivity class_with(const struct feed *f, enum sensitivity standard, bool local,
                                   const struct word *w)
{
    if (!local)
        return w->depth ? class_join(standard, w->class) : standard;
    if (w->depth)
        return w->class;
    return f->policy.faulty ? CLASS_PUBLIC : standard;
}

static bool is_under(const struct hl7_path *p, const struct hl7_path *above)
{
    return (!above->component || above->component == p->component) &&
           (!above->subcomponent || above->subcomponent == p->subcomponent);
}

static enum sensitivity class_of_field(const struct feed *f, const struct hl7_path *p)
{
    enum sensitivity parts = CLASS_PUBLIC, whole;
    struct word w = {0};

    for (size_t i = 0; i < f->policy.n_declared; i++) {
        const struct declared *d = &f->policy.declared[i];

        if (!d->is_hl7 || strcmp(d->hl7.segment, p->segment) != 0 || d->hl7.field != p->field)
            continue;
        if (is_under(p, &d->hl7))
            hear(&w, 1u + (d->hl7.component ? 1u : 0u) + (d->hl7.subcomponent ? 1u : 0u), d->class);
        else if (is_under(&d->hl7, p)) /* reading the whole reads its parts */
            parts = class_join(parts, d->class);
    }
    whole = class_with(f, dictionary_hl7(str_of(p->segment), p->field, NULL),
                       dictionary_local_hl7(str_of(p->segment)), &w);
    return class_join(whole, parts);
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

/* The class of an element before any policy. */
static enum sensitivity standard_fhir(const struct fhirpath_chain *chain)
{
    if (chain->narrow.p)
        return dictionary_reference(chain->narrow);
    if (ends_in(chain->path, STR(".reference")))
        return dictionary_reference_element(chain->path);
    return dictionary_fhir(chain->path, NULL);
}

enum sensitivity feed_class_chain(const struct feed *f, const struct fhirpath_chain *chain)
{
    struct str path = chain->path;
    struct word w = {0};

    for (size_t i = 0; i < f->policy.n_declared; i++) {
        const struct declared *d = &f->policy.declared[i];

        if (!d->is_hl7 && str_starts(path, d->path) &&
            (path.n == d->path.n || path.p[d->path.n] == '.'))
            hear(&w, d->path.n, d->class);
    }
    return class_with(f, standard_fhir(chain), dictionary_local_fhir(path) && !chain->narrow.p, &w);
}

enum sensitivity feed_class_fhir(const struct feed *f, const struct fhirpath *x, struct arena *a)
{
    struct fhirpath_chains all = fhirpath_chains(x, a);
    enum sensitivity class = CLASS_PUBLIC;

    for (size_t i = 0; i < all.n; i++)
        class = class_join(class, feed_class_chain(f, &all.items[i]));
    return class;
}
