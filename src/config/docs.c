#include "config/config.h"

#include "option.h"
#include "table.h"
#include "value.h"

static const char head[] =
    "# Settings\n"
    "\n"
    "Made from the table in `src/config/table.c` by `tidings settings`; a test fails when this "
    "page is\n"
    "stale. All settings stand in one YAML file, `tidings.yaml`. A dot in a name is a block:\n"
    "\n"
    "```yaml settings\n"
    "state: var\n"
    "feeds: mappings/demo\n"
    "listen:\n"
    "  - {mllp: 127.0.0.1:2575, feed: demo}\n"
    "  - {fhir: 127.0.0.1:8080, feed: demo}\n"
    "  - {link: 127.0.0.1:8081}\n"
    "  - {webhook: 127.0.0.1:8082}\n"
    "  - {admin: 127.0.0.1:8083}\n"
    "whatsapp:\n"
    "  phone_number_id: \"106540352242922\"\n"
    "  token_file: secrets/whatsapp.token\n"
    "  app_secret_file: secrets/whatsapp.app-secret\n"
    "  verify_token_file: secrets/whatsapp.verify\n"
    "links:\n"
    "  base: https://links.example.org/l/\n"
    "  portal: https://portal.example.org/open\n"
    "  redeem_token_file: secrets/redeem.token\n"
    "```\n"
    "\n"
    "Paths are relative to the settings file. Secrets stand in files of their own, mode 0600. "
    "Sizes are a\n"
    "number and nothing, `K`, `M` or `G` (of 1024 bytes); durations a number and `ms`, `s`, `m`, "
    "`h` or `d`.\n"
    "A setting without a default must be set. Every error names file, line and column; `tidings "
    "serve` then\n"
    "ends with exit code 78.\n"
    "\n"
    "## Listeners\n"
    "\n"
    "`listen` is a list; each entry is one of these with its HOST:PORT. The host is a numeric "
    "address;\n"
    "without `tls` it must be a loopback one, and `mllp`, `fhir` and `admin` need `tls.ca` too "
    "elsewhere. "
    "Port 0 picks a free port, and the log says which.\n"
    "\n"
    "| Entry | Serves |\n"
    "|---|---|\n";

static const char senders_head[] =
    "\n## Senders\n"
    "\n"
    "`senders` is a list of those who send HL7 v2. A message belongs to the entry whose "
    "`application`\n"
    "and `facility` it names in MSH-3 and MSH-4, in any case and spelling; an entry with both "
    "comes "
    "before one\n"
    "with one of them, a bound one before a free one, then the first. One that lists `addresses` "
    "or `certificates` is "
    "bound "
    "to them:\n"
    "the same names from anywhere else are refused and reported. What is not set is the default, "
    "not "
    "the\n"
    "listener's.\n"
    "\n"
    "```yaml settings\n"
    "listen:\n"
    "  - {mllp: 0.0.0.0:2576, feed: demo, tls: {certificate: tls/us.pem, key: tls/us.key, ca: "
    "tls/north-ca.pem}}\n"
    "senders:\n"
    "  - {name: his, application: SCHED, facility: NORTH, certificates: his.north.example, mode: "
    "enhanced, channel: his-acks}\n"
    "channels:\n"
    "  - {name: his-acks, to: his.north.example:2576, tls: {certificate: tls/us.pem, key: "
    "tls/us.key, ca: "
    "tls/north-ca.pem}}\n"
    "```\n"
    "\n";

static const char channels_head[] = "\n## Channels\n"
                                    "\n"
                                    "`channels` is a list of the places that Tidings itself sends "
                                    "HL7 v2 to over MLLP: application\n"
                                    "acknowledgements.\n"
                                    "\n";

static void write_range(const struct setting *s, FILE *to)
{
    char least[32], most[32];

    if (s->type < SETTING_COUNT) {
        fputs(" | ", to);
        return;
    }
    value_print(s->type, s->min, least);
    value_print(s->type, s->max, most);
    fprintf(to, " %s–%s | ", least, most);
}

static const char *option_type(const struct option *o)
{
    switch (o->type) {
    case OPTION_FILE:
        return "file";
    case OPTION_TEXT:
        return "text";
    case OPTION_TEXTS:
        return "text or list";
    case OPTION_CHOICE:
        return "choice";
    case OPTION_BYTE:
        return "byte";
    }
    return "";
}

static void write_words(const char *words, FILE *to)
{
    struct str rest = str_of(words);

    for (bool first = true; rest.p; first = false) {
        struct str word = str_cut(&rest, ' ');

        fprintf(to, first ? "**`" STR_FMT "`**" : ", `" STR_FMT "`", STR_ARG(word));
    }
}

static void write_options(const struct options *of, FILE *to)
{
    fputs("| Option | Type | Values, the default first | Meaning |\n|---|---|---|---|\n", to);
    for (size_t i = 0; i < of->n; i++) {
        const struct option *o = &of->rows[i];

        fprintf(to, "| `%s`%s | %s | ", o->key, o->kinds == 1U << LISTEN_MLLP ? " (mllp)" : "",
                option_type(o));
        if (o->words)
            write_words(o->words, to);
        fprintf(to, " | %s |\n", o->help);
    }
}

static void write_setting(const struct setting *s, FILE *to)
{
    fprintf(to, "| `%s` | %s |", s->key, setting_type_name(s->type));
    if (s->standard)
        fprintf(to, " `%s` |", s->standard);
    else
        fputs(" |", to);
    write_range(s, to);
    fprintf(to, "%s |\n", s->help);
}

void config_write_docs(FILE *to)
{
    fputs(head, to);
    for (size_t i = 0; i < LISTEN_KINDS; i++)
        fprintf(to, "| `%s`%s | %s |\n", listen_rows[i].name,
                listen_rows[i].feed ? " with `feed`" : "", listen_rows[i].help);
    fputs("\nOptions of a listener, in the same entry:\n\n", to);
    write_options(&listen_options, to);
    fputs(senders_head, to);
    write_options(&sender_options, to);
    fputs(channels_head, to);
    write_options(&channel_options, to);
    fputs("\n## All settings\n\n| Setting | Type | Default | Limits | Meaning "
          "|\n|---|---|---|---|---|\n",
          to);
    for (size_t i = 0; i < n_settings; i++)
        write_setting(&settings[i], to);
}
