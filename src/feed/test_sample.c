/* The samples of a feed's tests: each is read once, and must not look like a real person's message. */
#include "feed/real.h"
#include "testing.h"

static bool is_json(struct str body)
{
    struct str s = str_trim(body);

    return s.n && s.p[0] == '{';
}

static bool is_contact(void *ctx, struct str segment, unsigned field)
{
    struct hl7_path path = {.field = field};

    memcpy(path.segment, segment.p, sizeof path.segment);
    return feed_class_hl7(ctx, &path) == CLASS_CONTACT;
}

const char *testing_real(const struct testing *t, enum message_kind kind, struct str body,
                         struct arena *a)
{
    const struct real_search search = {
        .kind = kind,
        .body = body,
        .countries = t->countries,
        .n_countries = t->f->sites.n,
        .is_contact = is_contact,
        .ctx = (void *)t->f,
    };
    struct str text = {"", 0};
    struct real_hits hits;
    struct err ignored;

    if (!real_find(&search, a, &hits, &ignored) || !hits.n)
        return NULL; /* what cannot be read is E903 when it is run */
    for (size_t i = 0; i < hits.n; i++)
        text = arena_printf(a, STR_FMT "%s`%s` is a %s", STR_ARG(text), i ? ", " : "",
                            hits.items[i].place, hits.items[i].what);
    return text.p;
}

static struct test_sample *new_sample(struct testing *t)
{
    if (t->n_samples == t->room) {
        size_t room = t->room ? 2 * t->room : 16;
        struct test_sample **more = NEW_ARRAY(t->a, struct test_sample *, room);

        if (t->n_samples)
            memcpy(more, t->samples, t->n_samples * sizeof(*more));
        t->samples = more;
        t->room = room;
    }
    t->samples[t->n_samples] = NEW(t->a, struct test_sample);
    return t->samples[t->n_samples++];
}

struct test_sample *testing_sample(struct testing *t, const char *name, const struct yaml_node *at)
{
    struct arena scratch = {0};
    struct test_sample *s;
    const char *real;

    for (size_t i = t->n_samples; i-- > 0;)
        if (strcmp(t->samples[i]->name, name) == 0)
            return t->samples[i];
    s = new_sample(t);
    s->name = arena_copy(t->a, str_of(name)).p;
    s->at = at;
    s->state = file_read(t->f->folder, name, FEED_MAX_FILE, t->a, &s->body);
    if (s->state != FILE_READ)
        return s;
    s->kind = is_json(s->body) ? MESSAGE_FHIR : MESSAGE_HL7;
    real = testing_real(t, s->kind, s->body, &scratch);
    s->real = real ? arena_copy(t->a, str_of(real)).p : NULL;
    arena_reset(&scratch);
    return s;
}

void testing_begin(struct testing *t, const struct feed *f, struct arena *a)
{
    *t = (struct testing){.f = f, .a = a};
    t->countries = NEW_ARRAY(a, const char *, f->sites.n + 1);
    for (size_t i = 0; i < f->sites.n; i++)
        t->countries[i] = f->sites.items[i].country;
    t->rule_seen = NEW_ARRAY(a, bool, f->maps[0].n_rules + 1);
    t->map_seen = NEW_ARRAY(a, bool, f->n_maps + 1);
}
