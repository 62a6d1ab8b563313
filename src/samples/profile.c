#include "samples/profile.h"

#include "feed/moment.h"
#include "phone/phone.h"
#include "profile_count.h"
#include "samples/place.h"
#include "samples/source.h"

/* National numbers are tried in these when nobody says which country it is. */
static const char *const usual[] = {"US", "TW", "GB", "AU", "DE", "FR", "JP", "NL", "ES",
                                    "IT", "BE", "CH", "AT", "IE", "NZ", "SG", "HK", "IN",
                                    "BR", "MX", "KR", "CN", "ZA", "SE", "CA"};

void profile_init(struct profile *p, const char *const *countries, size_t n)
{
    struct arena *a = &p->arena;

    *p = (struct profile){.countries_given = n > 0};
    p->triggers = tally_new(a, 256);
    p->structures = tally_new(a, 256);
    p->senders = tally_new(a, 256);
    p->versions = tally_new(a, 64);
    p->charsets = tally_new(a, 64);
    p->processing = tally_new(a, 16);
    p->resources = tally_new(a, 256);
    p->segments = tally_new(a, 512);
    p->shapes = tally_new(a, 256);
    p->fields = tally_new(a, PROFILE_FIELDS);
    p->codes = tally_new(a, PROFILE_FIELDS);
    p->times = tally_new(a, 512);
    p->offsets = tally_new(a, 64);
    p->phones = tally_new(a, PROFILE_PATHS);
    p->nations = tally_new(a, 64);
    p->field = NEW_ARRAY(a, struct profile_field, PROFILE_FIELDS);
    p->code = NEW_ARRAY(a, struct tally, PROFILE_FIELDS);
    p->phone = NEW_ARRAY(a, struct profile_phone, PROFILE_PATHS);
    for (size_t i = 0; i < n && p->n_countries < PROFILE_COUNTRIES; i++)
        p->countries[p->n_countries++] = arena_copy(a, str_of(countries[i])).p;
    for (size_t i = 0; n == 0 && i < sizeof usual / sizeof usual[0]; i++)
        p->countries[p->n_countries++] = usual[i];
}

void profile_free(struct profile *p)
{
    arena_reset(&p->arena);
}

static uint64_t hash(struct str s)
{
    uint64_t h = 1469598103934665603ULL;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * 1099511628211ULL;
    return h ? h : 1;
}

enum { DISTINCT_FIRST = 64, DISTINCT_ROOM = 2 * PROFILE_DISTINCT };

/* The table is small until it is half full, then as large as it will ever be. */
static void count_distinct(struct profile *p, struct profile_field *f, struct str value)
{
    size_t room = f->n_distinct < DISTINCT_FIRST / 2 ? DISTINCT_FIRST : DISTINCT_ROOM;
    uint64_t h = hash(value);
    size_t i;

    if (!f->distinct)
        f->distinct = NEW_ARRAY(&p->arena, uint64_t, DISTINCT_FIRST);
    for (i = h % room; f->distinct[i]; i = (i + 1) % room)
        if (f->distinct[i] == h)
            return;
    if (f->n_distinct == PROFILE_DISTINCT)
        return;
    f->distinct[i] = h;
    if (++f->n_distinct == DISTINCT_FIRST / 2) {
        uint64_t *larger = NEW_ARRAY(&p->arena, uint64_t, DISTINCT_ROOM);

        for (size_t k = 0; k < DISTINCT_FIRST; k++) {
            size_t at = f->distinct[k] % DISTINCT_ROOM;

            while (f->distinct[k] && larger[at])
                at = (at + 1) % DISTINCT_ROOM;
            if (f->distinct[k])
                larger[at] = f->distinct[k];
        }
        f->distinct = larger;
    }
}

void count_field(struct profile *p, struct str field, struct str value, size_t repetitions,
                 bool deleted)
{
    size_t at = tally_add(&p->fields, field, p->n_messages);

    if (at == SIZE_MAX)
        return;
    p->field[at].deletes += deleted;
    if (repetitions > p->field[at].repetitions)
        p->field[at].repetitions = repetitions;
    count_distinct(p, &p->field[at], value);
}

void count_code(struct profile *p, struct str place, struct str value)
{
    size_t at;

    if (!value.n)
        return;
    at = tally_add(&p->codes, place, p->n_messages);
    if (at == SIZE_MAX)
        return;
    if (!p->code[at].arena)
        p->code[at] = tally_new(&p->arena, PROFILE_CODES);
    if (place_code_like(value))
        (void)tally_add(&p->code[at], value, p->n_messages);
    else
        p->code[at].over++;
}

bool count_time(struct profile *p, struct str place, struct str value)
{
    static const char *const precision[] = {
        [MOMENT_YEAR] = "year", [MOMENT_MONTH] = "month",   [MOMENT_DAY] = "day",
        [MOMENT_HOUR] = "hour", [MOMENT_MINUTE] = "minute", [MOMENT_SECOND] = "second"};
    struct arena a = {0};
    struct moment m;

    if (value.n < 8 || !moment_read(value, &m) || m.local.year < 1900 || m.local.year > 2100)
        return false;
    (void)tally_add(&p->times,
                    arena_printf(&a, STR_FMT " to the %s%s", STR_ARG(place), precision[m.precision],
                                 m.precision <= MOMENT_DAY ? ""
                                 : m.has_offset            ? ", with offset"
                                                           : ", no offset"),
                    p->n_messages);
    arena_reset(&a);
    return true;
}

/* As the converter `phone` reads it: without blanks and punctuation; no letters. */
static struct str compact(struct str text, char out[64])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (c == ' ' || c == '(' || c == ')' || c == '-' || c == '.' || c == '/')
            continue;
        if (!((c >= '0' && c <= '9') || (c == '+' && n == 0)) || n == 20)
            return (struct str){out, 0};
        out[n++] = c;
    }
    return (struct str){out, n};
}

bool count_is_phone(const struct profile *p, struct str text)
{
    char digits[64], e164[PHONE_TEXT];
    struct str number = compact(text, digits);

    for (size_t i = 0; number.n >= 8 && i < p->n_countries; i++)
        if (phone_e164(number, p->countries[i], e164) == PHONE_OK)
            return true;
    return false;
}

void count_phone(struct profile *p, struct str path, struct str text)
{
    size_t at = tally_add(&p->phones, path, p->n_messages);
    char digits[64], e164[PHONE_TEXT];
    struct str number = compact(text, digits);

    for (size_t i = 0; at != SIZE_MAX && number.n && i < p->n_countries; i++) {
        struct profile_phone *use = &p->phone[at];

        if (use->last[i] != p->n_messages &&
            phone_e164(number, p->countries[i], e164) == PHONE_OK) {
            use->valid[i]++;
            use->last[i] = p->n_messages;
        }
    }
}

static void fault(struct profile *p, FILE *to, const char *name, size_t at, const char *why)
{
    p->n_faults++;
    if (to)
        (void)fprintf(to, "%s: byte %zu: not counted: %s\n", name, at, why);
}

void profile_file(struct profile *p, const char *name, struct str bytes, FILE *faults)
{
    struct arena a = {0};
    struct pieces pieces = {NULL, 0};
    struct err e = {0};

    p->n_files++;
    if (!source_split(bytes, &a, &pieces, &e))
        fault(p, faults, name, 0, e.text);
    for (size_t i = 0; i < pieces.n; i++) {
        const struct piece *one = &pieces.items[i];
        bool ok = true;

        if (one->kind == PIECE_HL7)
            ok = profile_hl7(p, one->bytes, &e);
        else if (one->kind == PIECE_FHIR)
            ok = profile_fhir(p, one->bytes, &e);
        else if (one->kind == PIECE_OTHER)
            ok = err_set(&e, ERR_INPUT, 0, "no message");
        if (!ok)
            fault(p, faults, name, one->at, e.text);
    }
    arena_reset(&a);
}

const char *profile_alpha2(struct str nation)
{
    static const struct {
        char three[4], two[3];
    } table[] = {{"ARE", "AE"}, {"ARG", "AR"}, {"AUS", "AU"}, {"AUT", "AT"}, {"BEL", "BE"},
                 {"BRA", "BR"}, {"CAN", "CA"}, {"CHE", "CH"}, {"CHN", "CN"}, {"CZE", "CZ"},
                 {"DEU", "DE"}, {"DNK", "DK"}, {"ESP", "ES"}, {"FIN", "FI"}, {"FRA", "FR"},
                 {"GBR", "GB"}, {"GRC", "GR"}, {"HKG", "HK"}, {"HUN", "HU"}, {"IDN", "ID"},
                 {"IND", "IN"}, {"IRL", "IE"}, {"ISR", "IL"}, {"ITA", "IT"}, {"JPN", "JP"},
                 {"KOR", "KR"}, {"MAC", "MO"}, {"MEX", "MX"}, {"MYS", "MY"}, {"NLD", "NL"},
                 {"NOR", "NO"}, {"NZL", "NZ"}, {"PHL", "PH"}, {"POL", "PL"}, {"PRT", "PT"},
                 {"SAU", "SA"}, {"SGP", "SG"}, {"SWE", "SE"}, {"THA", "TH"}, {"TUR", "TR"},
                 {"TWN", "TW"}, {"USA", "US"}, {"VNM", "VN"}, {"ZAF", "ZA"}};

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (str_eq(nation, str_of(table[i].three)) || str_eq(nation, str_of(table[i].two)))
            return table[i].two;
    return NULL;
}

static bool index_of(const struct profile *p, const char *country, size_t *at)
{
    for (size_t i = 0; i < p->n_countries; i++)
        if (strcmp(p->countries[i], country) == 0) {
            *at = i;
            return true;
        }
    return false;
}

/* The name counted most often that is a country we can try. */
static const char *said(const struct profile *p, size_t *at)
{
    const char *best = NULL;
    size_t most = 0;

    for (size_t i = 0; i < p->nations.n; i++) {
        const char *country = profile_alpha2(p->nations.items[i].name);

        if (country && p->nations.items[i].n > most && index_of(p, country, at)) {
            most = p->nations.items[i].n;
            best = country;
        }
    }
    if (best)
        (void)index_of(p, best, at);
    return best;
}

const char *profile_country(const struct profile *p, size_t *at)
{
    size_t sums[PROFILE_COUNTRIES] = {0};
    const char *by_name;

    *at = 0;
    if (p->n_countries == 1 || (by_name = said(p, at)) == NULL)
        by_name = p->n_countries == 1 ? p->countries[0] : NULL;
    if (by_name)
        return by_name;
    for (size_t i = 0; i < p->phones.n; i++)
        for (size_t k = 0; k < p->n_countries; k++)
            sums[k] += p->phone[p->phones.items[i].at].valid[k];
    for (size_t k = 0; k < p->n_countries; k++)
        if (sums[k] > sums[*at])
            *at = k;
    return sums[*at] ? p->countries[*at] : NULL;
}

void profile_sort(struct profile *p)
{
    struct tally *by_count[] = {&p->triggers, &p->structures, &p->senders,   &p->versions,
                                &p->charsets, &p->processing, &p->resources, &p->shapes,
                                &p->offsets,  &p->nations};

    for (size_t i = 0; i < sizeof by_count / sizeof by_count[0]; i++)
        tally_sort(by_count[i]);
    for (size_t i = 0; i < p->codes.n; i++)
        tally_sort(&p->code[i]);
    tally_sort_names(&p->segments);
    tally_sort_names(&p->fields);
    tally_sort_names(&p->codes);
    tally_sort_names(&p->times);
    tally_sort_names(&p->phones);
}
