/* What lies around the feed file of a first tenant. */
#include "write.h"

static bool shows(const struct plan *p)
{
    return plan_has(p, FAMILY_APPOINTMENT) || plan_has(p, FAMILY_RESULT) ||
           plan_has(p, FAMILY_DOCUMENT);
}

static void quoted(const char *text, struct buf *b)
{
    (void)buf_add_char(b, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            (void)buf_add_char(b, '\\');
        (void)buf_add_char(b, *text);
    }
    (void)buf_add_char(b, '"');
}

static void site_name(const struct plan *p, bool draft, struct buf *b)
{
    const char *name = p->set->name ? p->set->name : draft ? "Clinic" : NULL;

    if (!name) {
        (void)buf_printf(b, "  # name: {");
        for (size_t i = 0; i < p->n_languages; i++)
            (void)buf_printf(b, "%s%s: \"\"", i ? ", " : "", p->languages[i]);
        (void)buf_printf(b,
                         "}   # decide: what patients read, in each language of templates.yaml\n");
        return;
    }
    (void)buf_printf(b, "  name: {");
    for (size_t i = 0; i < p->n_languages; i++) {
        (void)buf_printf(b, "%s%s: ", i ? ", " : "", p->languages[i]);
        quoted(name, b);
    }
    (void)buf_printf(b, "}\n");
}

void write_sites(const struct plan *p, bool draft, struct buf *b)
{
    const char *zone = p->zone ? p->zone : draft ? "Etc/UTC" : NULL;
    const char *country = p->country ? p->country : draft ? "US" : NULL;

    write_schema(b, "sites");
    (void)buf_printf(b,
                     "# Public facts about each site, as its own web page has them. The codes are "
                     "this folder's own;\n# tables/site.csv says which code of the messages is "
                     "which site.\n");
    for (size_t i = 0; i < p->n_sites; i++) {
        (void)buf_printf(b, "%s:\n", p->sites[i].code);
        (void)buf_printf(
            b,
            zone ? "  zone: %s\n"
                 : "  # zone:%s    # decide: the clock on its wall, as America/New_York\n",
            zone ? zone : "");
        (void)buf_printf(b,
                         country
                             ? "  country: %s   # of telephone numbers without +\n"
                             : "  # country:%s # decide: of telephone numbers without +, as US\n",
                         country ? country : "");
        (void)buf_printf(b, "  language: %s\n", p->language);
        site_name(p, draft, b);
    }
}

/* Neutral: the site's public name and a link. */
static const struct wording {
    const char *template, *language, *body;
} wordings[] = {
    {"visit_update", "en",
     "There is an update to your booking at {{1}}. Tap the button below to see it on a secure "
     "page."},
    {"visit_update", "zh-TW", "您在{{1}}的預約有更新。請點選下方按鈕，在安全頁面查看。"},
    {"visit_update", "es",
     "Hay una novedad sobre su cita en {{1}}. Toque el botón para verla en una página segura."},
    {"visit_update", "de",
     "Zu Ihrem Termin bei {{1}} gibt es eine Neuigkeit. Tippen Sie unten, um sie sicher "
     "anzusehen."},
    {"visit_update", "fr",
     "Votre rendez-vous chez {{1}} a changé. Touchez le bouton pour le voir sur une page "
     "sécurisée."},
    {"visit_cancelled", "en",
     "Your booking at {{1}} has been cancelled. Tap the button below to see it or book again on a "
     "secure page."},
    {"visit_cancelled", "zh-TW",
     "您在{{1}}的預約已取消。請點選下方按鈕，在安全頁面查看或重新預約。"},
    {"visit_cancelled", "es",
     "Su cita en {{1}} ha sido cancelada. Toque el botón para verla en una página segura."},
    {"visit_cancelled", "de",
     "Ihr Termin bei {{1}} wurde abgesagt. Tippen Sie unten, um ihn sicher anzusehen."},
    {"visit_cancelled", "fr",
     "Votre rendez-vous chez {{1}} est annulé. Touchez le bouton pour le voir sur une page "
     "sécurisée."},
    {"result_ready", "en",
     "You have a new message from {{1}}. Tap the button below to read it on a secure page."},
    {"result_ready", "zh-TW", "您在{{1}}有一則新訊息。請點選下方按鈕，在安全頁面查看。"},
    {"result_ready", "es",
     "Tiene un mensaje nuevo de {{1}}. Toque el botón para leerlo en una página segura."},
    {"result_ready", "de",
     "Sie haben eine neue Nachricht von {{1}}. Tippen Sie unten, um sie sicher zu lesen."},
    {"result_ready", "fr",
     "Vous avez un nouveau message de {{1}}. Touchez le bouton pour le lire sur une page "
     "sécurisée."},
    {"document_ready", "en",
     "You have a new document from {{1}}. Tap the button below to read it on a secure page."},
    {"document_ready", "zh-TW", "您在{{1}}有一份新文件。請點選下方按鈕，在安全頁面查看。"},
    {"document_ready", "es",
     "Tiene un documento nuevo de {{1}}. Toque el botón para leerlo en una página segura."},
    {"document_ready", "de",
     "Sie haben ein neues Dokument von {{1}}. Tippen Sie unten, um es sicher zu lesen."},
    {"document_ready", "fr",
     "Vous avez un nouveau document de {{1}}. Touchez le bouton pour le lire sur une page "
     "sécurisée."},
};

static void template(const struct plan *p, const char *name, struct buf *b)
{
    (void)buf_printf(
        b,
        "%s:\n  category: UTILITY\n  shows: directory\n  params: [site_name]\n  button: "
        "link\n  body:\n",
        name);
    for (size_t i = 0; i < p->n_languages; i++)
        for (size_t k = 0; k < sizeof wordings / sizeof wordings[0]; k++)
            if (strcmp(wordings[k].template, name) == 0 &&
                strcmp(wordings[k].language, p->languages[i]) == 0)
                (void)buf_printf(b, "    %s: \"%s\"\n", p->languages[i], wordings[k].body);
}

void write_templates(const struct plan *p, struct buf *b)
{
    write_schema(b, "templates");
    (void)buf_printf(b,
                     "# Wordings to start with: each must equal, character by character, what Meta "
                     "approves.\n# A body shows the site's public name; all else stands behind the "
                     "link.\n");
    if (plan_has(p, FAMILY_APPOINTMENT)) {
        template(p, "visit_update", b);
        template(p, "visit_cancelled", b);
    }
    if (plan_has(p, FAMILY_RESULT))
        template(p, "result_ready", b);
    if (plan_has(p, FAMILY_DOCUMENT))
        template(p, "document_ready", b);
    if (!shows(p))
        (void)buf_printf(b, "{}\n");
}

void write_settings(const struct plan *p, struct buf *b)
{
    (void)buf_printf(
        b, "# `tidings settings` explains every line. Loopback only: other addresses need "
           "TLS.\nstate: var\nkeys: secrets/tidings.key\nfeeds: .\nlisten:\n");
    if (p->hl7)
        (void)buf_printf(b, "  - {mllp: 127.0.0.1:2575, feed: %s}\n", p->name);
    if (p->fhir)
        (void)buf_printf(b, "  - {fhir: 127.0.0.1:8080, feed: %s}\n", p->name);
    (void)buf_printf(b,
                     "  - {link: 127.0.0.1:8081}\n  - {webhook: 127.0.0.1:8082}\n  - {admin: "
                     "127.0.0.1:8083}\nwhatsapp:\n  phone_number_id: \"0\"   # decide: of the "
                     "number that sends, from Meta's page\n"
                     "  token_file: secrets/whatsapp.token\n  app_secret_file: "
                     "secrets/whatsapp.app-secret\n  verify_token_file: secrets/whatsapp.verify\n"
                     "links:\n  base: https://links.example.org/l/        # decide\n  portal: "
                     "https://portal.example.org/open   # decide\n  redeem_token_file: "
                     "secrets/redeem.token\n");
}

void write_policy(const struct plan *p, struct buf *b)
{
    const struct profile *from = p->profile;

    (void)buf_printf(
        b,
        "# Telephone numbers stand in fields that no standard knows. To read them, let "
        "whoever answers for it fill this in,\n# name it policy.yaml, add `policy: "
        "policy.yaml` to `uses` of the feed, and the path to its phones.\n"
        "policy: %s\ndeclare:\n",
        p->name);
    for (size_t i = 0; i < from->phones.n; i++)
        if (from->phones.items[i].name.p[0] == 'Z')
            (void)buf_printf(b,
                             "  - {path: " STR_FMT
                             ", class: contact, because: \"…\", by: \"…\", on: "
                             "\"…\", expires: \"…\"}   # in %zu samples\n",
                             STR_ARG(from->phones.items[i].name), from->phones.items[i].messages);
}

/* A code with a quote in it is for a person to write down. */
static bool csv_fit(struct str code)
{
    return !memchr(code.p, '"', code.n);
}

static void site_table(const struct plan *p, struct buf *b)
{
    (void)buf_printf(b, "from,to,note\n");
    for (size_t i = 0; i < p->n_sites; i++)
        (void)buf_printf(b, "\"" STR_FMT "\",%s,in %zu samples\n", STR_ARG(p->sites[i].sent),
                         p->sites[i].code, p->sites[i].n);
}

static void trigger_table(const struct plan *p, enum family family, struct buf *b)
{
    const struct plan_family *f = &p->families[family];

    (void)buf_printf(b, "from,to\n");
    for (size_t i = 0; i < f->n_hl7; i++) {
        struct str event = f->hl7[i].name;

        (void)str_cut(&event, '^');
        if (event.p)
            (void)buf_printf(b, STR_FMT ",%s\n", STR_ARG(event), f->hl7[i].becomes);
    }
}

static void language_table(const struct plan *p, struct buf *b)
{
    static const struct {
        const char *heads, *tag;
    } words[] = {{"EN En en ENG", "en"},
                 {"ZH zh CHI Chi Zh Man Can", "zh-TW"},
                 {"ES es SPA Spa", "es"},
                 {"DE de GER Ger", "de"},
                 {"FR fr FRE Fre", "fr"}};
    const struct tally *t = plan_codes(p, "PID-15.1");

    (void)buf_printf(b, "from,to,note\n");
    for (size_t i = 0; t && i < t->n; i++)
        for (size_t k = 0; k < sizeof words / sizeof words[0] && csv_fit(t->items[i].name); k++) {
            struct str heads = str_of(words[k].heads);
            bool done = false;

            while (heads.p && !done)
                done = str_starts(t->items[i].name, str_cut(&heads, ' '));
            if (done) {
                (void)buf_printf(b, "\"" STR_FMT "\",%s,guessed: please confirm\n",
                                 STR_ARG(t->items[i].name), words[k].tag);
                break;
            }
        }
}

bool write_table(const struct plan *p, size_t i, const char **name, struct buf *b)
{
    static const char *const names[] = {"site.csv",
                                        "appointment-status.csv",
                                        "fhir-appointment-status.csv",
                                        "document-state.csv",
                                        "patient-change.csv",
                                        "ordinary-results.csv",
                                        "ordinary-documents.csv",
                                        "language.csv"};
    const bool wanted[] = {true,
                           p->families[FAMILY_APPOINTMENT].n_hl7 > 0,
                           p->families[FAMILY_APPOINTMENT].fhir,
                           p->families[FAMILY_DOCUMENT].n_hl7 > 0,
                           plan_merges(p),
                           plan_has(p, FAMILY_RESULT),
                           plan_has(p, FAMILY_DOCUMENT),
                           p->hl7 && p->language_table && plan_tells(p)};

    if (i == sizeof names / sizeof names[0])
        return false;
    *name = wanted[i] ? names[i] : NULL;
    if (i == 0)
        site_table(p, b);
    else if (i == 1)
        trigger_table(p, FAMILY_APPOINTMENT, b);
    else if (i == 2)
        (void)buf_printf(b, "from,to\nbooked,booked\ncancelled,cancelled\nnoshow,missed\n");
    else if (i == 3)
        trigger_table(p, FAMILY_DOCUMENT, b);
    else if (i == 4)
        trigger_table(p, FAMILY_PATIENT, b);
    else if (i == 7)
        language_table(p, b);
    else
        (void)buf_printf(b, "from,to,note\n");
    return true;
}

static void found(const struct plan *p, const char *place, const char *table, struct buf *b)
{
    const struct tally *t = plan_codes(p, place);

    for (size_t i = 0; t && i < t->n; i++)
        if (csv_fit(t->items[i].name))
            (void)buf_printf(b, "\"" STR_FMT "\",ordinary,\"%s: %zu in the samples; %s\"\n",
                             STR_ARG(t->items[i].name), place, t->items[i].n, table);
}

void write_codes_found(const struct plan *p, struct buf *b)
{
    if (plan_has(p, FAMILY_RESULT)) {
        found(p, "OBR-4.1", "for tables/ordinary-results.csv", b);
        found(p, "DiagnosticReport.code.coding.code", "for tables/ordinary-results.csv", b);
    }
    if (plan_has(p, FAMILY_DOCUMENT)) {
        found(p, "TXA-2.1", "for tables/ordinary-documents.csv", b);
        found(p, "DocumentReference.type.coding.code", "for tables/ordinary-documents.csv", b);
    }
}

void write_readme(const struct plan *p, size_t n_samples, struct buf *b)
{
    (void)buf_printf(
        b,
        "# %s\n\nMade by `tidings init` from %zu messages. Nothing here is a secret or about a "
        "real "
        "person; `secrets/` and `var/`\nare for this machine only.\n\n"
        "| File | Holds |\n|---|---|\n| `%s.yaml` | the feed: values, rules, notices, tests |\n"
        "| `sites.yaml` | public facts about %zu site(s) |\n| `templates.yaml` | wordings, to be "
        "approved by Meta as they stand |\n| `tables/` | codes of the messages and what they mean "
        "|\n"
        "| `samples/` | %zu scrubbed messages that the tests run on |\n| `tidings.yaml` | settings "
        "of "
        "the daemon |\n\n## To be decided\n\n",
        p->name, p->profile->n_messages, p->name, p->n_sites, n_samples);
    if (!p->set->name)
        (void)buf_printf(b, "- `sites.yaml`: the name of each site, as patients read it.\n");
    if (!p->zone)
        (void)buf_printf(b, "- `sites.yaml`: the time zone of each site.\n");
    if (!p->country)
        (void)buf_printf(b, "- `sites.yaml`: the country of telephone numbers without `+`.\n");
    if (plan_has(p, FAMILY_RESULT) || plan_has(p, FAMILY_DOCUMENT))
        (void)buf_printf(b, "- `codes-found.csv` lists the codes of the samples. A clinician moves "
                            "those that may be announced\n  without a person looking at them into "
                            "`tables/`; the others keep waiting for release.\n");
    if (p->local_phones)
        (void)buf_printf(b, "- `policy.example`: telephone numbers in Z-segments, if they may be "
                            "read.\n");
    (void)buf_printf(
        b,
        "\n## Next\n\n```\ntidings check .\ntidings test .\ntidings explain %s.yaml "
        "samples/FILE\ntidings keys init -c tidings.yaml\ntidings serve -c tidings.yaml --simulate "
        "  "
        "# to a phone on this machine\ntidings serve -c tidings.yaml   # once secrets/ holds the "
        "files that tidings.yaml names\n```\n",
        p->name);
}
