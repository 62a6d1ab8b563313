#include "loading.h"
#include "phone/phone.h"

static const char *const fact_names[] = {"name", "org", "phone", "address", NULL};

int site_fact_named(struct str word)
{
    for (int i = 0; i < SITE_FACTS; i++)
        if (str_eq(word, str_of(fact_names[i])))
            return i;
    return -1;
}

const struct phrase *phrases_find(const struct phrases *p, struct str language)
{
    for (size_t i = 0; i < p->n; i++)
        if (str_eq(p->items[i].language, language))
            return &p->items[i];
    return NULL;
}

struct str site_fact_text(const struct site *s, enum site_fact fact, struct str language)
{
    const struct phrase *p = NULL;

    switch (fact) {
    case SITE_NAME:
        p = phrases_find(&s->name, language);
        break;
    case SITE_ORG:
        p = phrases_find(&s->org, language);
        break;
    case SITE_ADDRESS:
        p = phrases_find(&s->address, language);
        break;
    case SITE_PHONE:
        return s->phone;
    case SITE_FACTS:
        break;
    }
    return p ? p->text : (struct str){NULL, 0};
}

const struct site *feed_site(const struct feed *f, struct str code)
{
    for (size_t i = 0; i < f->sites.n; i++)
        if (str_eq(f->sites.items[i].code, code))
            return &f->sites.items[i];
    return NULL;
}

static bool is_code(struct str s)
{
    if (s.n < 1 || s.n > 16 || s.p[0] == '_' || s.p[0] == '-')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    return true;
}

/* What a parameter may not hold, in any language (E707). */
static bool fit_to_show(struct str s, size_t most)
{
    if (s.n == 0 || shape_length(s) > most)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < ' ' || c == 0x7F || (s.n - i >= 4 && memcmp(s.p + i, "    ", 4) == 0))
            return false;
    }
    return true;
}

static void load_phrases(struct loading *l, const struct yaml_node *map, size_t most,
                         struct phrases *out)
{
    if (!shape_map(l, map, "texts by language"))
        return;
    out->items = NEW_ARRAY(l->a, struct phrase, map->n + 1);
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *key = map->pairs[i].key, *text = map->pairs[i].value;

        if (!slot_form(SLOT_TAG, key->text))
            report_at(l->r, "E106", key, NULL, "`" STR_FMT "` is not a language tag",
                      STR_ARG(key->text));
        if (!shape_text(l, text, "a text"))
            continue;
        if (!fit_to_show(text->text, most))
            report_at(
                l->r, "E707", text, NULL,
                "unfit as a parameter: empty, over %zu characters, or with a line break, tab, "
                "control character or four spaces",
                most);
        out->items[out->n++] = (struct phrase){key->text, text->text, text};
    }
}

static void load_zone(struct loading *l, const struct yaml_pair *pair, struct site *out)
{
    const struct yaml_node *n = yaml_get(pair->value, "zone");

    if (!n) {
        report_at(l->r, "E403", pair->key, "an IANA name, for example Asia/Taipei",
                  "site `" STR_FMT "` has no zone", STR_ARG(out->code));
        return;
    }
    if (!shape_text(l, n, "zone"))
        return;
    out->zone_name = n->text.p;
    out->zone = zone_find(n->text.p);
    if (!out->zone)
        report_at(l->r, "E403", n, "an IANA name, for example Asia/Taipei",
                  "no time zone called `" STR_FMT "`", STR_ARG(n->text));
}

static void load_contact(struct loading *l, const struct yaml_node *map, struct site *out)
{
    const struct yaml_node *country = shape_required(l, map, "country");
    const struct yaml_node *phone = yaml_get(map, "phone"), *area = yaml_get(map, "area");
    char e164[PHONE_TEXT];

    if (shape_text(l, country, "country")) {
        out->country = country->text.p;
        if (country->text.n != 2 || !phone_country_known(out->country))
            report_at(l->r, "E106", country, "ISO 3166, two capital letters",
                      "no country `" STR_FMT "`", STR_ARG(country->text));
    }
    if (shape_text(l, phone, "phone")) {
        out->phone = phone->text;
        if (!str_starts(phone->text, STR("+")) || phone_e164(phone->text, "ZZ", e164) != PHONE_OK)
            report_at(l->r, "E105", phone, "digits with + and the country code in front",
                      "not an E.164 number");
    }
    if (shape_text(l, area, "area")) {
        out->area = area->text;
        for (size_t i = 0; i < area->text.n; i++)
            if (area->text.p[i] < '0' || area->text.p[i] > '9' || area->text.n > 6) {
                report_at(l->r, "E105", area, NULL, "an area code has at most six digits");
                break;
            }
    }
}

static void load_site(struct loading *l, const struct yaml_pair *pair, struct site *out)
{
    const struct yaml_node *language;

    out->code = pair->key->text;
    out->node = pair->value;
    l->sites_faulty = l->sites_faulty || !is_code(out->code);
    if (!is_code(out->code))
        report_at(l->r, "E103", pair->key, "A to Z, digits, _ and -, at most 16",
                  "`" STR_FMT "` is not a site code", STR_ARG(out->code));
    if (!shape_map(l, pair->value, "a site"))
        return;
    shape_keys(l, pair->value, BLOCK_SITE);
    load_zone(l, pair, out);
    load_contact(l, pair->value, out);
    language = shape_required(l, pair->value, "language");
    if (shape_text(l, language, "language")) {
        out->language = language->text;
        if (!slot_form(SLOT_TAG, language->text))
            report_at(l->r, "E106", language, NULL, "`" STR_FMT "` is not a language tag",
                      STR_ARG(language->text));
    }
    load_phrases(l, shape_required(l, pair->value, "name"), 60, &out->name);
    load_phrases(l, yaml_get(pair->value, "org"), 60, &out->org);
    load_phrases(l, yaml_get(pair->value, "address"), 120, &out->address);
}

void sites_load(struct loading *l, const struct yaml_node *at)
{
    const struct yaml_node *root;

    l->sites_faulty = true;
    if (!shape_text(l, at, "uses.sites"))
        return;
    root = loading_yaml(l, at->text.p, at);
    if (!root)
        return;
    if (root->kind != YAML_MAP || yaml_get(root, "feed") || yaml_get(root, "overlay") ||
        yaml_get(root, "policy")) {
        report_at(l->r, "E009", at, NULL, "`" STR_FMT "` is not a file of sites",
                  STR_ARG(at->text));
        return;
    }
    l->sites_faulty = false;
    l->f->sites.items = NEW_ARRAY(l->a, struct site, root->n + 1);
    for (size_t i = 0; i < root->n; i++)
        load_site(l, &root->pairs[i], &l->f->sites.items[l->f->sites.n++]);
}
