/* Files of samples of any bytes: cut into pieces that together are the file; what is scrubbed is a message of
 * the same shape, the same each time; and what is counted comes out as JSON. */
#include <stdlib.h>

#include "base/utf8.h"
#include "fhir/json.h"
#include "hl7/message.h"
#include "samples/profile.h"
#include "samples/scrub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { JSON_MOST = 16 << 20 };

static void need(bool good)
{
    if (!good)
        abort();
}

static void check_pieces(struct str bytes)
{
    struct pieces pieces;
    struct arena a = {0};
    struct err e = {0};
    size_t at = 0;

    if (!source_split(bytes, &a, &pieces, &e)) {
        need(e.kind == ERR_INPUT);
        arena_reset(&a);
        return;
    }
    for (size_t i = 0; i < pieces.n; i++) {
        need(pieces.items[i].at == at && pieces.items[i].bytes.p == bytes.p + at);
        need(pieces.items[i].bytes.n > 0);
        at += pieces.items[i].bytes.n;
    }
    need(at == bytes.n);
    arena_reset(&a);
}

/* Of a message in UTF-8 that does not name another character set. */
static bool read_hl7(struct str text, struct arena *a, struct hl7_message *m)
{
    struct hl7_limits limits = hl7_limits_default();
    struct err e;

    return utf8_check(text) == text.n && hl7_message_index(text, NULL, &limits, a, NULL, m, &e) &&
           hl7_field(&m->segments[0], 18).n == 0;
}

static void check_shape(struct str before, struct str after, struct arena *a)
{
    struct hl7_message m, n;

    if (!read_hl7(before, a, &m))
        return;
    need(read_hl7(after, a, &n) && m.n_segments == n.n_segments);
    for (size_t i = 0; i < m.n_segments; i++) {
        const struct hl7_segment *x = &m.segments[i], *y = &n.segments[i];

        need(strcmp(x->name, y->name) == 0 && x->n_fields == y->n_fields);
        for (unsigned f = 1; f <= x->n_fields; f++)
            need(!hl7_field(x, f).n == !hl7_field(y, f).n);
    }
}

static void check_message(const struct fake *fake, struct str body)
{
    struct arena a = {0};
    struct str once, twice;
    struct err e = {0};

    if (scrub_hl7(fake, body, &a, &once, &e)) {
        need(scrub_hl7(fake, body, &a, &twice, &e) && str_eq(once, twice));
        check_shape(body, once, &a);
    } else {
        need(e.kind == ERR_INPUT && e.text[0]);
    }
    arena_reset(&a);
}

static void check_resource(const struct fake *fake, struct str body)
{
    struct json_limits limits = json_limits_default();
    struct arena a = {0};
    struct json_node *root;
    struct str once, twice;
    struct err e = {0};

    if (scrub_fhir(fake, body, &a, &once, &e)) {
        need(scrub_fhir(fake, body, &a, &twice, &e) && str_eq(once, twice));
        need(json_read(once, &limits, &a, &root, NULL, &e));
    } else {
        need(e.kind == ERR_INPUT && e.text[0]);
    }
    arena_reset(&a);
}

static void check_file(const struct fake *fake, struct str bytes)
{
    struct scrubbed once, twice;
    struct arena a = {0};
    struct err e;

    if (scrub_file(fake, bytes, &a, &once, &e)) {
        need(scrub_file(fake, bytes, &a, &twice, &e));
        need(str_eq(once.bytes, twice.bytes) && once.n_faults == twice.n_faults);
        for (size_t i = 0; i < once.n_faults; i++)
            need(once.faults[i].at <= bytes.n && once.faults[i].why.text[0]);
    }
    arena_reset(&a);
}

static void check_profile(struct str bytes, const char *const *countries, size_t n_countries)
{
    struct json_limits limits = json_limits_default();
    struct buf out = buf_new(JSON_MOST);
    struct arena a = {0};
    struct json_node *root;
    struct profile p;
    struct err e;

    profile_init(&p, countries, n_countries);
    profile_file(&p, "file", bytes, NULL);
    need(p.n_messages == p.n_hl7 + p.n_fhir);
    profile_sort(&p);
    profile_json(&p, &out);
    need(!out.over && json_read(buf_str(&out), &limits, &a, &root, NULL, &e));
    profile_free(&p);
    buf_reset(&out);
    arena_reset(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[FAKE_KEY] = "the key of a fuzz target, 32 by";
    static const char *const countries[] = {"TW", "GB"};
    struct str bytes = {size ? (const char *)data : "", size};
    struct fake fake;

    fake_init(&fake, key, countries, 2);
    check_pieces(bytes);
    if (bytes.n && bytes.p[0] == '{')
        check_resource(&fake, bytes);
    else
        check_message(&fake, bytes);
    check_file(&fake, bytes);
    check_profile(bytes, countries, bytes.n % 16 ? 2 : 0); /* none: it tries many */
    return 0;
}
