#include "send_plan.h"

#include "vendor.h"

enum { MOST_FAULTS = 64, MOST_SHOTS = 1000000 };

struct making {
    const struct cli_args *args;
    int64_t now_ms;
    long count;
    const struct vendor *vendor;
    const struct fault *faults[MOST_FAULTS];
    size_t n_faults;
    struct arena *a;
    struct send_plan *plan;
};

static bool add_fault(struct making *m, struct str name, bool chaos, struct err *e)
{
    const char *near = NULL;
    const struct fault *f = fault_find(name, chaos, &near);

    if (!f)
        return err_set(e, ERR_CONFIG, 0, "--%s: no `" STR_FMT "`%s%s%s. Help: tidings send --help",
                       chaos ? "chaos" : "fault", STR_ARG(name), near ? "; did you mean `" : "",
                       near ? near : "", near ? "`?" : "");
    if (m->n_faults == MOST_FAULTS)
        return err_set(e, ERR_CONFIG, 0, "more than %d faults", MOST_FAULTS);
    m->faults[m->n_faults++] = f;
    m->plan->slow = m->plan->slow || fault_is_slow(f);
    return true;
}

static bool read_faults(struct making *m, enum cli_option o, struct err *e)
{
    struct str rest = str_of(m->args->option[o]);

    while (rest.p) {
        if (!add_fault(m, str_trim(str_cut(&rest, ',')), o == OPT_CHAOS, e))
            return false;
    }
    return true;
}

static bool read_vendor(struct making *m, struct err *e)
{
    const char *name = m->args->option[OPT_AS], *near = NULL;

    if (!name)
        return true;
    m->vendor = vendor_find(name, &near);
    if (m->vendor)
        return m->n_faults == 0 ||
               err_set(e, ERR_CONFIG, 0, "give --as, or --chaos and --fault, not both");
    return err_set(e, ERR_CONFIG, 0, "--as: no `%s`%s%s%s. Help: tidings send --help", name,
                   near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
}

static bool read_sets(const struct making *m, struct sample *s, struct err *e)
{
    for (int i = 0; i < m->args->n_sets; i++) {
        struct str value = str_of(m->args->sets[i]), path = str_cut(&value, '=');

        if (!value.p)
            return err_set(e, ERR_CONFIG, 0,
                           "--set takes PATH=VALUE, for example --set SCH-2.1=F2001");
        if (!sample_set(s, path, value, m->a, e))
            return err_in(e, "--set");
    }
    return true;
}

static struct shot *add_shot(struct making *m, const struct sample *s)
{
    struct shot *to = &m->plan->shots[m->plan->n++];

    *to = (struct shot){.sample = *s};
    m->plan->fhir = m->plan->fhir || s->fhir;
    m->plan->mllp = m->plan->mllp || !s->fhir;
    return to;
}

static bool add_plain(struct making *m, const struct sample *s, long n, struct err *e)
{
    struct shot *to = add_shot(m, s);

    if (m->args->option[OPT_COUNT] && !sample_number(&to->sample, n, m->a, e))
        return err_in(e, s->file);
    return !m->vendor || vendor_encode(m->vendor, &to->sample, m->a, e);
}

/* One message, or two in one write, each with a control id of its own. */
static bool add_faulty(struct making *m, const struct sample *s, const struct fault *f, long *n,
                       struct err *e)
{
    struct shot *one = add_shot(m, s), *second = NULL;

    one->fault = f;
    if (!sample_number(&one->sample, ++*n, m->a, e))
        return err_in(e, s->file);
    if (fault_is_pair(f)) {
        second = add_shot(m, s);
        second->fault = f;
        second->joined = true;
        second->script.bytes = STR("");
        if (!sample_number(&second->sample, ++*n, m->a, e))
            return err_in(e, s->file);
    }
    return fault_write(f, &one->sample, second ? &second->sample : NULL, m->a, &one->script, e) ||
           err_in(e, s->file);
}

static bool add_file(struct making *m, const char *file, struct err *e)
{
    struct sample s;
    long n = 0;

    if (!sample_read(file, m->a, &s, e))
        return false;
    if (s.fhir && m->n_faults)
        return err_set(e, ERR_CONFIG, 0, "%s: --chaos and --fault are of HL7 v2 messages", file);
    if (s.fhir && m->args->option[OPT_TLS])
        return err_set(e, ERR_CONFIG, 0, "%s: --tls is for HL7 v2 messages", file);
    if (m->args->option[OPT_SHIFT])
        sample_shift(&s, m->now_ms, m->a);
    if (m->vendor && !vendor_write(m->vendor, &s, m->a, e))
        return false;
    if (!read_sets(m, &s, e))
        return false;
    for (long k = 1; k <= m->count; k++) {
        if (!m->n_faults && !add_plain(m, &s, k, e))
            return false;
        for (size_t i = 0; i < m->n_faults; i++) {
            if (!add_faulty(m, &s, m->faults[i], &n, e))
                return false;
        }
    }
    return true;
}

bool send_plan_make(const struct cli_args *args, int64_t now_ms, struct arena *a,
                    struct send_plan *out, struct err *e)
{
    struct making m = {.args = args, .now_ms = now_ms, .a = a, .plan = out};
    size_t files = args->n_words ? (size_t)args->n_words : 1, most;

    *out = (struct send_plan){0};
    if (!cli_number(args, OPT_COUNT, 1, 100000, 1, &m.count))
        return err_set(e, ERR_CONFIG, 0, "Help: tidings send --help");
    if (!read_faults(&m, OPT_CHAOS, e) || !read_faults(&m, OPT_FAULT, e) || !read_vendor(&m, e))
        return false;
    if (!args->n_words && !m.vendor)
        return err_set(e, ERR_CONFIG, 0, "no file to send. Help: tidings send --help");
    most = files * (size_t)m.count * (m.n_faults ? 2 * m.n_faults : 1);
    if (most > MOST_SHOTS)
        return err_set(e, ERR_CONFIG, 0, "more than %d messages", MOST_SHOTS);
    out->faults = m.n_faults > 0;
    out->shots = NEW_ARRAY(a, struct shot, most);
    if (!args->n_words)
        return add_file(&m, vendor_base(m.vendor), e);
    for (int i = 0; i < args->n_words; i++) {
        if (!add_file(&m, args->words[i], e))
            return false;
    }
    return true;
}
