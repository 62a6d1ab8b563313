#include "chosen.h"

#include "fhir/resource.h"
#include "hl7/header.h"
#include "samples/scrub.h"
#include "samples/source.h"

enum { LARGE = 64 << 10 };

/* One message by itself, counted as the whole was. */
static int score_of(const struct plan *p, const struct piece *piece, bool *mapped)
{
    static const struct str subjects[] = {STR_LIT("OBR"), STR_LIT("SCH"), STR_LIT("TXA")};
    struct profile one;
    struct err ignored;
    size_t at;
    int score = 0;
    bool ok;

    profile_init(&one, &p->country, p->country ? 1 : 0);
    ok = piece->kind == PIECE_FHIR ? profile_fhir(&one, piece->bytes, &ignored)
                                   : profile_hl7(&one, piece->bytes, &ignored);
    for (size_t i = 0; ok && profile_country(&one, &at) && i < one.phones.n; i++)
        if (one.phone[i].valid[at] && one.phones.items[i].name.p[0] == 'P')
            score = 4;
    if (tally_find(&one.processing, STR("P")))
        score += 1;
    score += ok && one.patients ? 2 : 0;
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        score += tally_find(&one.segments, subjects[i]) ? 2 : 0;
    score -= piece->bytes.n > LARGE ? 8 : 0;
    *mapped = ok;
    profile_free(&one);
    return score;
}

static void put(const struct plan *p, struct chosen *c, const struct piece *piece, int score)
{
    c->fhir = piece->kind == PIECE_FHIR;
    c->body = arena_copy(p->arena, piece->bytes);
    c->score = score;
}

/* Triggers that no rule reads are not kept. */
static bool is_read(const struct plan *p, struct str trigger)
{
    for (int f = 0; f < FAMILIES; f++) {
        for (size_t i = 0; i < p->families[f].n_hl7; i++)
            if (str_eq(p->families[f].hl7[i].name, trigger))
                return true;
        if (p->families[f].fhir && str_eq(str_of(plan_resources[f]), trigger))
            return true;
    }
    return false;
}

/* The first resource that a rule reads, with "Bundle " before it when it is in one. */
static void trigger_of_fhir(const struct plan *p, struct str text, char out[40])
{
    struct arena a = {0};
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct fhir_body body;
    struct err ignored;

    if (json_read(text, &limits, &a, &root, NULL, &ignored) &&
        fhir_body_read(root, (struct str){NULL, 0}, &a, &body, NULL, &ignored))
        for (size_t i = 0; i < body.n && !out[0]; i++)
            if (is_read(p, body.entries[i].type))
                (void)snprintf(out, 40, "%s" STR_FMT,
                               str_eq(body.type, STR("Bundle")) ? "Bundle " : "",
                               STR_ARG(body.entries[i].type));
    arena_reset(&a);
}

static bool trigger_of(const struct plan *p, const struct piece *piece, char out[40])
{
    struct hl7_header h;
    struct err ignored;

    out[0] = '\0';
    if (piece->kind == PIECE_FHIR)
        trigger_of_fhir(p, piece->bytes, out);
    else if (hl7_header_scan(piece->bytes, &h, &ignored) && is_read(p, str_of(h.type)))
        (void)snprintf(out, 40, "%s", h.type);
    return out[0] != '\0';
}

static void consider(const struct plan *p, const struct piece *piece, struct chosen_list *out)
{
    char trigger[40];
    bool ok;
    int score;
    size_t i = 0;

    if (!trigger_of(p, piece, trigger))
        return;
    score = score_of(p, piece, &ok);
    while (i < out->n && strcmp(out->items[i].trigger, trigger) != 0)
        i++;
    if (!ok || i == TENANT_SAMPLES)
        return;
    if (i == out->n) {
        out->items[out->n++] = (struct chosen){.score = -100};
        (void)snprintf(out->items[i].trigger, sizeof out->items[i].trigger, "%s", trigger);
    }
    if (score > out->items[i].score ||
        (score == out->items[i].score && piece->bytes.n < out->items[i].body.n))
        put(p, &out->items[i], piece, score);
}

bool chosen_read(const struct plan *p, const char *const *files, size_t n_files,
                 struct chosen_list *out, struct err *e)
{
    *out = (struct chosen_list){.n = 0};
    for (size_t i = 0; i < n_files; i++) {
        struct arena a = {0};
        struct str bytes = STR("");
        struct pieces pieces = {NULL, 0};
        bool ok = source_read(files[i], &a, &bytes, e) && source_split(bytes, &a, &pieces, e);

        for (size_t k = 0; ok && k < pieces.n; k++)
            if (pieces.items[k].kind == PIECE_HL7 || pieces.items[k].kind == PIECE_FHIR)
                consider(p, &pieces.items[k], out);
        arena_reset(&a);
        if (!ok)
            return false;
    }
    return true;
}

/* CR becomes LF where the message has no LF of its own: people read these files. */
static struct str readable(struct str body, struct arena *a)
{
    struct str out = arena_copy(a, body);
    char *p = (char *)(uintptr_t)out.p;

    if (memchr(out.p, '\n', out.n))
        return out;
    for (size_t i = 0; i < out.n; i++)
        if (p[i] == '\r')
            p[i] = '\n';
    return arena_printf(a, STR_FMT "\n", STR_ARG(out));
}

static void name_file(struct chosen *c, size_t number)
{
    size_t n = (size_t)snprintf(c->file, sizeof c->file, "%02zu-", number);

    for (size_t i = 0; c->trigger[i] && n + 6 < sizeof c->file; i++) {
        char t = c->trigger[i];

        c->file[n++] = t >= 'A' && t <= 'Z'                               ? (char)(t + 32)
                       : (t >= 'a' && t <= 'z') || (t >= '0' && t <= '9') ? t
                                                                          : '-';
    }
    (void)snprintf(c->file + n, sizeof c->file - n, "%s", c->fhir ? ".json" : ".hl7");
}

void chosen_scrub(const struct plan *p, struct chosen_list *list)
{
    struct fake fake;
    size_t n = 0;

    fake_init(&fake, p->set->fake->key, &p->country, p->country ? 1 : 0);

    for (size_t i = 0; i < list->n; i++) {
        struct chosen c = list->items[i];
        struct err ignored;
        struct str out;

        if (!(c.fhir ? scrub_fhir(&fake, c.body, p->arena, &out, &ignored)
                     : scrub_hl7(&fake, c.body, p->arena, &out, &ignored)))
            continue;
        c.body = c.fhir ? out : readable(out, p->arena);
        name_file(&c, n + 1);
        list->items[n++] = c;
    }
    list->n = n;
}
