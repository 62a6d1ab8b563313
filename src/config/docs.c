#include "config/config.h"

#include "table.h"
#include "value.h"

static const char head[] =
    "# Settings\n"
    "\n"
    "Made from the table in `src/config/table.c` by `tidings settings`; a test fails when this "
    "page is\n"
    "stale. All settings stand in one YAML file, `tidings.yaml`. A dot in a name is a block:\n"
    "\n"
    "```yaml\n"
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
    "loopback\n"
    "address: there is no TLS yet. Port 0 picks a free port, and the log says which.\n"
    "\n"
    "| Entry | Serves |\n"
    "|---|---|\n";

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
    fputs("\n## All settings\n\n| Setting | Type | Default | Limits | Meaning "
          "|\n|---|---|---|---|---|\n",
          to);
    for (size_t i = 0; i < n_settings; i++)
        write_setting(&settings[i], to);
}
