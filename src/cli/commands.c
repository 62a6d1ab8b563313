#include "commands.h"

#define OPT(o) (UINT64_C(1) << OPT_##o)

const struct cli_command cli_commands[] = {
    {"demo", "[--once] [--json] [--port N]", "run everything here with a simulated phone",
     "  tidings demo                 # stays up: open the phone page it prints\n"
     "  tidings demo --once --json   # play the samples, print the ledger, end\n",
     OPT(ONCE) | OPT(JSON) | OPT(PORT), 0, cli_demo},
    {"serve", "-c FILE", "run the daemon",
     "  tidings serve -c tidings.yaml\n"
     "  tidings serve -c tidings.yaml --simulate   # to a phone on this machine, not to WhatsApp\n",
     OPT(CONFIG) | OPT(SIMULATE) | OPT(PORT), 0, cli_serve},
    {"init", "[DIR] [--from SAMPLES]", "a tenant folder to start from, made from samples",
     "  tidings init north --from from-his/ --set country=TW --set name='North Clinic'\n"
     "  tidings init trial             # the demo tenant, to look at and change\n",
     OPT(FROM) | OPT(SET), 1, cli_init},
    {"check", "[PATH…]", "check feed files; every error has a place and a hint",
     "  tidings check mappings/demo\n  tidings check --strict mappings/demo/demo.yaml\n"
     "  tidings check --format sarif tenants > findings.sarif   # for code review\n"
     "  tidings check --proof mappings/demo                     # every path to what is shown\n",
     OPT(STRICT) | OPT(FORMAT) | OPT(JSON) | OPT(PROOF) | OPT(UNREAD), MOST_WORDS, cli_check},
    {"test", "[PATH…]", "run the tests inside feed files",
     "  tidings test mappings/demo\n"
     "  tidings test --only cancelled mappings/demo\n"
     "  tidings test --update north.yaml   # prints what changes, then rewrites the expectations\n",
     OPT(UPDATE) | OPT(ONLY), MOST_WORDS, cli_test},
    {"explain", "[FEED] FILE|ID|-", "what a feed makes of one message, and why; sends nothing",
     "  tidings explain mappings/demo/demo.yaml mappings/demo/samples/01-siu-s12-booked.hl7\n"
     "  tidings explain -c tidings.yaml 42                     # message 42 of the store\n"
     "  tidings explain -c tidings.yaml 42 --with draft.yaml   # as a draft would judge it\n"
     "  tidings explain -c tidings.yaml 42 --reveal --because \"ticket 7\"   # noted in "
     "audit.log\n",
     OPT(CONFIG) | OPT(JSON) | OPT(WITH) | OPT(REVEAL) | OPT(BECAUSE), 2, cli_explain},
    {"diff", "[OLD] NEW", "what a change of feeds means: rules, values, tables; and for whom",
     "  tidings diff old.yaml new.yaml\n"
     "  tidings diff draft.yaml -c tidings.yaml --replay 1000   # against the feeds in service\n"
     "  tidings diff old.yaml new.yaml --from samples/          # exit 1: outcomes change\n",
     OPT(CONFIG) | OPT(JSON) | OPT(REPLAY) | OPT(FROM), 2, cli_diff},
    {"profile", "FILE|DIR…",
     "what samples hold: triggers, field use, codes, times, phones; no patients",
     "  tidings profile from-his/ --set country=TW\n"
     "  tidings profile capture.bin --ask-sheet > questions.txt\n",
     OPT(JSON) | OPT(SET) | OPT(ASK_SHEET), MOST_WORDS, cli_profile},
    {"scrub", "FILE|DIR… [--out DIR]", "samples without their people: same form, invented values",
     "  tidings scrub booking.hl7 > safe.hl7\n"
     "  tidings scrub from-his/ --out samples --set key=scrub.key --set country=TW\n",
     OPT(OUT) | OPT(SET), MOST_WORDS, cli_scrub},
    {"send", "FILE|demo:NAME… --to HOST:PORT", "send messages and show the answers",
     "  tidings send booking.hl7 --to 127.0.0.1:2575\n"
     "  tidings send appointment.json --to 127.0.0.1:8080 --shift\n"
     "  tidings send demo:01-siu-s12-booked --to 127.0.0.1:2575 --set SCH-2.1=F2001 --count 3 "
     "--rate 1/s\n"
     "  tidings send booking.hl7 --to hl7.example:2575 --tls --ca ca.pem --cert us.pem --key "
     "us.key\n"
     "  tidings send demo:01-siu-s12-booked --to 127.0.0.1:2575 --chaos split,junk,eof\n"
     "  tidings send demo:01-siu-s12-booked --to 127.0.0.1:2575 --fault MLLP_LF_AFTER_FS\n"
     "  tidings send --as kontakt --to 127.0.0.1:2575\n",
     OPT(TO) | OPT(COUNT) | OPT(SHIFT) | OPT(TIMEOUT) | OPT(RATE) | OPT(SET) | OPT(CHAOS) |
         OPT(FAULT) | OPT(AS) | OPT(TLS) | OPT(CA) | OPT(CERT) | OPT(KEY) | OPT(JSON),
     MOST_WORDS, cli_send},
    {"status", "-c FILE", "is it running, and what waits for whom",
     "  tidings status -c tidings.yaml\n  tidings status -q   # exit code only\n",
     OPT(CONFIG) | OPT(JSON) | OPT(QUIET), 0, cli_status},
    {"reload", "-c FILE", "check, test and swap the feeds of the running daemon; or nothing",
     "  tidings reload -c tidings.yaml   # exit 1: refused, the feeds in service stay\n",
     OPT(CONFIG), 0, cli_reload},
    {"resume", "FEED --because TEXT -c FILE",
     "let a feed send again that was paused because something would have leaked",
     "  tidings resume north --because \"ticket 7\" -c tidings.yaml   # noted in audit.log\n",
     OPT(CONFIG) | OPT(BECAUSE), 1, cli_resume},
    {"ledger", "-c FILE", "the balance of everything acknowledged; exit 1 if it does not add up",
     "  tidings ledger -c tidings.yaml --json\n", OPT(CONFIG) | OPT(JSON), 0, cli_ledger},
    {"recorder", "[ID] -c FILE", "what connections with something wrong sent last, without values",
     "  tidings recorder -c tidings.yaml        # the latest recordings\n"
     "  tidings recorder -c tidings.yaml 7      # one, byte by byte; noted in audit.log\n",
     OPT(CONFIG), 1, cli_recorder},
    {"keys", "init -c FILE", "make the key file that the store is sealed with",
     "  tidings keys init -c tidings.yaml\n", OPT(CONFIG), 1, cli_keys},
    {"settings", "", "every setting of tidings.yaml: type, default, meaning (Markdown)",
     "  tidings settings > docs/settings.md\n", 0, 0, cli_settings},
    {"meanings", "", "what HL7 v2 triggers mean and where facts stand in them (Markdown)",
     "  tidings meanings > docs/message-meanings.md\n", 0, 0, cli_meanings},
    {"schema", "[KIND] [--out DIR]", "JSON Schemas of the mapping files, for editors",
     "  tidings schema feed                 # one, on stdout\n"
     "  tidings schema --out tenant/schema  # all: feed, overlay, policy, sites, templates\n",
     OPT(OUT), 1, cli_schema},
    {"codes", "[CODE]", "what a code of the checker means, and how to repair it",
     "  tidings codes        # all of them\n  tidings codes E401\n", 0, 1, cli_codes},
    {"reference", "", "every key, event, converter and class of the feed language (Markdown)",
     "  tidings reference > docs/feed-reference.md\n", 0, 0, cli_reference},
    {"version", "", "version of the program and of what it stands on", "  tidings version\n",
     OPT(JSON), 0, cli_version},
};
const size_t cli_n_commands = sizeof cli_commands / sizeof *cli_commands;
