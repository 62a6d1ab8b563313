#include "chosen.h"

#include "fhir/json.h"
#include "hl7/header.h"
#include "samples/scrub.h"
#include "samples/source.h"

enum { LARGE = 64 << 10 };

/* One message by itself, counted as the whole was. */
static int score_of(const struct plan *p, const struct piece *piece, bool *mapped)
{
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

static bool trigger_of(const struct piece *piece, char out[40])
{
    struct hl7_header h;
    struct err ignored;
    struct arena a = {0};
    struct json_limits limits = json_limits_default();
    struct json_node *root = NULL;
    struct str type = STR("");

    if (piece->kind == PIECE_HL7 && hl7_header_scan(piece->bytes, &h, &ignored))
        type = str_of(h.type);
    else if (piece->kind == PIECE_FHIR &&
             json_read(piece->bytes, &limits, &a, &root, NULL, &ignored))
        type = json_member_text(root, "resourceType");
    (void)snprintf(out, 40, STR_FMT, STR_ARG(type));
    arena_reset(&a);
    return out[0] != '\0';
}

/* Triggers that a rule reads come before those that none does. */
static bool is_read(const struct plan *p, const char *trigger, bool fhir)
{
    for (int f = 0; f < FAMILIES; f++) {
        for (size_t i = 0; i < p->families[f].n_hl7; i++)
            if (str_eq(p->families[f].hl7[i].name, str_of(trigger)))
                return true;
        if (fhir && p->families[f].fhir &&
            (strcmp(trigger, "Bundle") == 0 || strcmp(trigger, plan_resources[f]) == 0))
            return true;
    }
    return false;
}

static void consider(const struct plan *p, const struct piece *piece, struct chosen_list *out)
{
    char trigger[40];
    bool ok;
    int score;
    size_t i = 0;

    if (!trigger_of(piece, trigger) || !is_read(p, trigger, piece->kind == PIECE_FHIR))
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
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        struct chosen c = list->items[i];
        struct err ignored;
        struct str out;

        if (!(c.fhir ? scrub_fhir(p->set->fake, c.body, p->arena, &out, &ignored)
                     : scrub_hl7(p->set->fake, c.body, p->arena, &out, &ignored)))
            continue;
        c.body = c.fhir ? out : readable(out, p->arena);
        name_file(&c, n + 1);
        list->items[n++] = c;
    }
    list->n = n;
}
