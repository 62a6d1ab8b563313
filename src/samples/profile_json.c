#include "base/json_writer.h"
#include "samples/profile.h"

static void counts(struct json_writer *w, const char *key, const struct tally *t)
{
    json_enter(w, key, '[');
    for (size_t i = 0; i < t->n; i++) {
        json_enter(w, NULL, '{');
        json_put(w, "name", t->items[i].name);
        json_put_number(w, "count", (long long)t->items[i].n);
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

static void fields(struct json_writer *w, const struct profile *p)
{
    json_enter(w, "fields", '[');
    for (size_t i = 0; i < p->fields.n; i++) {
        const struct tally_count *t = &p->fields.items[i];
        const struct profile_field *f = &p->field[t->at];

        json_enter(w, NULL, '{');
        json_put(w, "field", t->name);
        json_put_number(w, "messages", (long long)t->messages);
        json_put_number(w, "filled", (long long)t->n);
        json_put_number(w, "different", (long long)f->n_distinct);
        json_put_number(w, "most_repetitions", (long long)f->repetitions);
        json_put_number(w, "deletes", (long long)f->deletes);
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

static void codes(struct json_writer *w, const struct profile *p)
{
    json_enter(w, "codes", '[');
    for (size_t i = 0; i < p->codes.n; i++) {
        const struct tally *t = &p->code[p->codes.items[i].at];

        json_enter(w, NULL, '{');
        json_put(w, "place", p->codes.items[i].name);
        counts(w, "values", t);
        json_put_number(w, "others", (long long)t->over);
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

static void phones(struct json_writer *w, const struct profile *p)
{
    size_t at;
    const char *country = profile_country(p, &at);

    json_put(w, "country", str_of(country));
    json_enter(w, "phones", '[');
    for (size_t i = 0; i < p->phones.n; i++) {
        const struct tally_count *t = &p->phones.items[i];

        json_enter(w, NULL, '{');
        json_put(w, "path", t->name);
        json_put_number(w, "messages", (long long)t->messages);
        json_put_number(w, "valid", country ? (long long)p->phone[t->at].valid[at] : 0);
        json_leave(w, '}');
    }
    json_leave(w, ']');
}

void profile_json(const struct profile *p, struct buf *out)
{
    struct json_writer w = {out, 0, true};

    json_enter(&w, NULL, '{');
    json_put(&w, "format", STR("tidings-profile/1"));
    json_put_number(&w, "files", (long long)p->n_files);
    json_put_number(&w, "messages", (long long)p->n_messages);
    json_put_number(&w, "hl7", (long long)p->n_hl7);
    json_put_number(&w, "fhir", (long long)p->n_fhir);
    json_put_number(&w, "not_counted", (long long)p->n_faults);
    counts(&w, "triggers", &p->triggers);
    counts(&w, "structures", &p->structures);
    counts(&w, "resources", &p->resources);
    counts(&w, "senders", &p->senders);
    counts(&w, "versions", &p->versions);
    counts(&w, "charsets", &p->charsets);
    counts(&w, "processing", &p->processing);
    counts(&w, "offsets", &p->offsets);
    counts(&w, "times", &p->times);
    counts(&w, "z_segments", &p->shapes);
    phones(&w, p);
    codes(&w, p);
    fields(&w, p);
    json_leave(&w, '}');
    (void)buf_add_char(out, '\n');
}
