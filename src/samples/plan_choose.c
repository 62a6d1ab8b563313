/* Telephone numbers, times, zone and languages of a first feed. */
#include "plan.h"

/* A kind of number that is none of those below: the whole field is read anyway, behind them. */
enum { OTHER_KIND = 99 };

/* Mobile before home before work before anything, then by how many are valid. */
static unsigned rank(struct str path)
{
    static const struct {
        const char *holds;
        unsigned rank;
    } ranks[] = {{"(3=CP)", 0}, {"mobile", 0},       {"(2=PRS)", 1},      {"(2=PRN)", 2},
                 {"'home'", 2}, {"(2=", OTHER_KIND}, {"(3=", OTHER_KIND}, {"'work'", 4}};
    unsigned work = memmem(path.p, path.n, "PID-14", 6) ? 3 : 0;

    for (size_t i = 0; i < sizeof ranks / sizeof ranks[0]; i++)
        if (memmem(path.p, path.n, ranks[i].holds, strlen(ranks[i].holds)))
            return ranks[i].rank == OTHER_KIND ? OTHER_KIND : ranks[i].rank + work;
    return 5 + work;
}

static bool is_patients(struct str path)
{
    return str_starts(path, STR("PID-")) || path.p[0] == 'Z' || str_starts(path, STR("Patient."));
}

static void insert_phone(struct plan_path *to, size_t *n, struct plan_path one)
{
    size_t at = *n;

    if (*n == PLAN_PATHS)
        return;
    while (at > 0 &&
           (rank(one.path) < rank(to[at - 1].path) ||
            (rank(one.path) == rank(to[at - 1].path) && one.percent > to[at - 1].percent))) {
        to[at] = to[at - 1];
        at--;
    }
    to[at] = one;
    ++*n;
}

/* Faxes, pagers, devices and mail are not read by the converter. */
static bool is_no_phone(struct str path)
{
    static const char *const kinds[] = {"(3=FX)",    "(3=BP)",  "(3=MD)",
                                        "(3=TDD)",   "(3=TTY)", "(3=Internet)",
                                        "(3=X.400)", "(2=NET)", "(2=BPN)"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (memmem(path.p, path.n, kinds[i], strlen(kinds[i])))
            return true;
    return false;
}

static void find_phones(struct plan *p)
{
    const struct profile *from = p->profile;
    size_t at;
    const char *country = profile_country(from, &at);

    for (size_t i = 0; country && i < from->phones.n; i++) {
        const struct tally_count *t = &from->phones.items[i];
        size_t valid = from->phone[t->at].valid[at];
        struct plan_path one = {
            t->name, (unsigned)((valid * 100 + from->n_messages / 2) / from->n_messages)};

        if (!valid || !is_patients(t->name) || is_no_phone(t->name) || rank(t->name) == OTHER_KIND)
            continue;
        if (one.path.p[0] == 'Z')
            p->local_phones = true;
        else if (str_starts(one.path, STR("Patient.")))
            insert_phone(p->phones_fhir, &p->n_phones_fhir, one);
        else
            insert_phone(p->phones, &p->n_phones, one);
    }
    p->country = country;
    if (!p->n_phones)
        p->phones[p->n_phones++] = (struct plan_path){STR("PID-13"), 0};
    if (!p->n_phones_fhir)
        p->phones_fhir[p->n_phones_fhir++] =
            (struct plan_path){STR("Patient.telecom.where(system='phone').value"), 0};
}

/* Some time stands there, with its hours: "SCH-11.4 to the minute, no offset". */
static bool has_time(const struct tally *times, struct str path)
{
    for (size_t i = 0; i < times->n; i++) {
        struct str name = times->items[i].name;

        if (str_starts(name, path) && name.n > path.n && name.p[path.n] == ' ' &&
            !memmem(name.p, name.n, "the day", 7))
            return true;
    }
    return false;
}

/* Where samples hold a time of the appointment. */
static void find_starts(struct plan *p)
{
    static const char *const paths[] = {"TQ1-7", "SCH-11.4", "AIS-4", "AIL-6", "AIP-6", "AIG-8"};

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (has_time(&p->profile->times, str_of(paths[i])))
            p->starts[p->n_starts++] = (struct plan_path){str_of(paths[i]), 0};
    if (!p->n_starts)
        p->starts[p->n_starts++] = (struct plan_path){STR("SCH-11.4"), 0};
}

/* Countries with one zone. */
static const char *zone_of(const char *country)
{
    static const struct {
        char country[3];
        const char *zone;
    } zones[] = {
        {"AE", "Asia/Dubai"},          {"AT", "Europe/Vienna"},     {"BE", "Europe/Brussels"},
        {"CH", "Europe/Zurich"},       {"CN", "Asia/Shanghai"},     {"CZ", "Europe/Prague"},
        {"DE", "Europe/Berlin"},       {"DK", "Europe/Copenhagen"}, {"FI", "Europe/Helsinki"},
        {"FR", "Europe/Paris"},        {"GB", "Europe/London"},     {"GR", "Europe/Athens"},
        {"HK", "Asia/Hong_Kong"},      {"HU", "Europe/Budapest"},   {"IE", "Europe/Dublin"},
        {"IL", "Asia/Jerusalem"},      {"IN", "Asia/Kolkata"},      {"IT", "Europe/Rome"},
        {"JP", "Asia/Tokyo"},          {"KR", "Asia/Seoul"},        {"MO", "Asia/Macau"},
        {"MY", "Asia/Kuala_Lumpur"},   {"NL", "Europe/Amsterdam"},  {"NO", "Europe/Oslo"},
        {"PH", "Asia/Manila"},         {"PL", "Europe/Warsaw"},     {"SA", "Asia/Riyadh"},
        {"SE", "Europe/Stockholm"},    {"SG", "Asia/Singapore"},    {"TH", "Asia/Bangkok"},
        {"TR", "Europe/Istanbul"},     {"TW", "Asia/Taipei"},       {"VN", "Asia/Ho_Chi_Minh"},
        {"ZA", "Africa/Johannesburg"},
    };

    for (size_t i = 0; country && i < sizeof zones / sizeof zones[0]; i++)
        if (strcmp(zones[i].country, country) == 0)
            return zones[i].zone;
    return NULL;
}

static bool is_iso_language(struct str s)
{
    size_t n = 0;

    while (n < s.n && ((s.p[n] >= 'a' && s.p[n] <= 'z') || (s.p[n] >= 'A' && s.p[n] <= 'Z')))
        n++;
    return (n == 2 || n == 3) && (n == s.n || s.p[n] == '-');
}

static void add_language(struct plan *p, const char *tag)
{
    for (size_t i = 0; i < p->n_languages; i++)
        if (strcmp(p->languages[i], tag) == 0)
            return;
    if (p->n_languages < PLAN_LANGUAGES)
        p->languages[p->n_languages++] = tag;
}

/* Where the samples name a country elsewhere, and no language, nobody is expected to read Chinese. */
static bool is_chinese_read(const struct plan *p, const struct tally *languages)
{
    static const char *const places[] = {"TW", "HK", "MO"};

    for (size_t i = 0; p->country && i < sizeof places / sizeof places[0]; i++)
        if (strcmp(p->country, places[i]) == 0)
            return true;
    if (p->set->language && strcmp(p->set->language, "zh-TW") == 0)
        return true;
    return !p->country || (languages && languages->n > 0);
}

/* English always; Spanish, German and French where patients speak them. */
static void find_languages(struct plan *p)
{
    static const struct {
        const char *codes, *tag;
    } spoken[] = {{"es spa ESP", "es"}, {"de ger deu", "de"}, {"fr fre fra", "fr"}};
    const struct tally *t = plan_codes(p, "PID-15.1");

    add_language(p, "en");
    if (is_chinese_read(p, t))
        add_language(p, "zh-TW");
    for (size_t i = 0; t && i < t->n; i++) {
        p->language_table |= !is_iso_language(t->items[i].name);
        for (size_t k = 0; k < sizeof spoken / sizeof spoken[0]; k++) {
            struct str codes = str_of(spoken[k].codes);

            while (codes.p)
                if (str_eq(str_cut(&codes, ' '), t->items[i].name))
                    add_language(p, spoken[k].tag);
        }
    }
    p->language = p->set->language                              ? p->set->language
                  : p->country && strcmp(p->country, "TW") == 0 ? "zh-TW"
                                                                : "en";
}

void plan_choose(struct plan *p)
{
    find_phones(p);
    find_starts(p);
    find_languages(p);
    p->zone = p->set->zone ? p->set->zone : zone_of(p->country);
}
