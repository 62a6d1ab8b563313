#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "config/config.h"

/* What every file below begins with, unless the case is about just that. */
#define FEEDS  "feeds: feeds\n"
#define LISTEN "listen: [{admin: 127.0.0.1:8083}]\n"
#define WHATSAPP                                                                                   \
    "whatsapp: {phone_number_id: \"106540352242922\", token_file: t, app_secret_file: a, "         \
    "verify_token_file: v}\n"
#define LINKS                                                                                      \
    "links: {base: https://l.example/l/, portal: https://p.example/open, redeem_token_file: r}\n"
#define REST        LISTEN WHATSAPP LINKS
#define WITH(entry) FEEDS WHATSAPP LINKS "listen:\n  - " entry "\n"

struct file {
    char folder[32], path[64];
};

static void write_file(struct file *f, const char *text, size_t n)
{
    FILE *to;

    snprintf(f->folder, sizeof f->folder, "/tmp/test_config.XXXXXX");
    if (!mkdtemp(f->folder))
        exit(1);
    snprintf(f->path, sizeof f->path, "%s/t.yaml", f->folder);
    to = fopen(f->path, "wb");
    if (!to || fwrite(text, 1, n, to) != n || fclose(to) != 0)
        exit(1);
}

static void remove_file(const struct file *f)
{
    unlink(f->path);
    rmdir(f->folder);
}

static bool read_text(const char *text, size_t n, struct arena *a, struct config *c, struct err *e)
{
    struct file f;
    bool ok;
    size_t head;

    write_file(&f, text, n);
    ok = config_read(f.path, a, c, e);
    remove_file(&f);
    head = strlen(f.folder) + 1;
    if (!ok && strncmp(e->text, f.folder, head - 1) == 0) /* "t.yaml:1:2: …" is left */
        memmove(e->text, e->text + head, strlen(e->text) + 1 - head);
    return ok;
}

static const char whole[] = "state: var\n"
                            "store: sqlite\n"
                            "keys: secrets/tidings.key\n"
                            "feeds: mappings/demo\n"
                            "listen:\n"
                            "  - {mllp: 127.0.0.1:2575, feed: demo}\n"
                            "  - {fhir: \"[::1]:8080\", feed: demo}\n"
                            "  - {link: 127.0.0.1:0}\n"
                            "  - {webhook: 127.0.0.1:0}\n"
                            "  - {admin: 127.8.0.1:65535}\n"
                            "whatsapp:\n"
                            "  graph: http://127.0.0.1:9000/v25.0\n"
                            "  phone_number_id: \"106540352242922\"\n"
                            "  token_file: /run/secrets/token\n"
                            "  app_secret_file: secrets/whatsapp.app-secret\n"
                            "  verify_token_file: secrets/whatsapp.verify\n"
                            "links: {base: https://links.example.org/l/, portal: "
                            "https://portal.example.org/open, ttl: 48h, redeem_token_file: "
                            "secrets/redeem.token}\n"
                            "receive: {max_message: 8M, frame_timeout: 1500ms}\n"
                            "send: {unknown_deadline: 2s}\n";

static void test_whole(void)
{
    struct arena a = {0};
    struct config c;
    struct err e = {0};
    struct file f;

    write_file(&f, whole, sizeof whole - 1);
    CHECK(config_read(f.path, &a, &c, &e), "%s", e.text);
    CHECK(strncmp(c.state, f.folder, strlen(f.folder)) == 0 && strstr(c.state, "/var"), "%s",
          c.state);
    CHECK(strstr(c.keys, "/secrets/tidings.key") && c.keys[0] == '/', "%s", c.keys);
    CHECK(strcmp(c.store, "sqlite") == 0, "%s", c.store);
    CHECK(c.n_listen == 5, "%zu", c.n_listen);
    CHECK(c.listen[0].kind == LISTEN_MLLP && c.listen[0].port == 2575 &&
              strcmp(c.listen[0].feed, "demo") == 0 && c.listen[0].line == 6,
          "mllp");
    CHECK(c.listen[1].kind == LISTEN_FHIR && strcmp(c.listen[1].host, "::1") == 0, "fhir");
    CHECK(c.listen[2].kind == LISTEN_LINK && c.listen[2].port == 0 && !c.listen[2].feed, "link");
    CHECK(c.listen[4].kind == LISTEN_ADMIN && c.listen[4].port == 65535, "admin");
    CHECK(strcmp(c.whatsapp_graph, "http://127.0.0.1:9000/v25.0") == 0, "%s", c.whatsapp_graph);
    CHECK(strcmp(c.whatsapp_token_file, "/run/secrets/token") == 0, "%s", c.whatsapp_token_file);
    CHECK(c.links_ttl == 48 * 3600000LL && c.links_code_ttl == 60000, "%lld",
          (long long)c.links_ttl);
    CHECK(c.receive_max_message == 8 << 20 && c.receive_frame_timeout == 1500, "receive");
    CHECK(c.send_unknown_deadline == 2000, "send");
    CHECK(c.fhir_max_depth == 64, "a default stays");
    remove_file(&f);
    arena_reset(&a);
}

static const char receiver[] = FEEDS WHATSAPP LINKS
    "listen:\n"
    "  - mllp: 0.0.0.0:2575\n"
    "    feed: demo\n"
    "    tls: {certificate: tls/us.pem, key: /etc/us.key, ca: tls/clients.pem}\n"
    "    allow: [10.1.0.0/16, \"2001:db8::/32\"]\n"
    "    unlisted: refuse\n"
    "    processing_id: optional\n"
    "    start_byte: 0x02\n"
    "    end_byte: 0x1D\n"
    "senders:\n"
    "  - {name: his, application: SCHED, facility: NORTH, addresses: 10.1.2.3, certificates: "
    "[a.example, "
    "\"sha256:00\"], mode: enhanced, channel: his-acks, sequence: yes}\n"
    "  - {name: lab, facility: LAB, app_ack: off, busy: close, batch: errors, test_messages: "
    "refuse, "
    "strict: yes, charset: BIG-5, fallback_charset: 8859/1}\n"
    "channels:\n"
    "  - {name: his-acks, to: his.north.example:2576, tls: {ca: tls/north.pem}}\n"
    "  - {name: near, to: \"[::1]:2577\", plain: yes}\n"
    "receive: {idle_timeout: 0s, min_rate: 0}\n";

static void test_receiver(void)
{
    struct arena a = {0};
    struct config c;
    struct err e = {0};

    CHECK(read_text(receiver, sizeof receiver - 1, &a, &c, &e), "%s", e.text);
    CHECK(c.n_listen == 1 && strcmp(c.listen[0].host, "0.0.0.0") == 0, "host");
    CHECK(strstr(c.listen[0].tls.certificate, "/tls/us.pem"), "%s", c.listen[0].tls.certificate);
    CHECK(strcmp(c.listen[0].tls.key, "/etc/us.key") == 0, "%s", c.listen[0].tls.key);
    CHECK(c.listen[0].allow.n == 2 && strcmp(c.listen[0].allow.items[1], "2001:db8::/32") == 0,
          "allow");
    CHECK(c.listen[0].unlisted == UNLISTED_REFUSE && c.listen[0].profile.processing_id == 1,
          "choices");
    CHECK(c.listen[0].start_byte == 2 && c.listen[0].end_byte == 0x1d, "bytes");
    CHECK(c.listen[0].profile.mode == 0 && c.listen[0].profile.app_ack == 0, "defaults");
    CHECK(c.n_senders == 2 && c.n_channels == 2, "lists");
    CHECK(strcmp(c.senders[0].application, "SCHED") == 0 && c.senders[0].addresses.n == 1 &&
              c.senders[0].certificates.n == 2 && c.senders[0].profile.mode == 2 &&
              c.senders[0].profile.app_ack == 1 && c.senders[0].profile.sequence == 1,
          "his");
    CHECK(strcmp(c.senders[0].profile.channel, "his-acks") == 0, "channel");
    CHECK(!c.senders[1].application && c.senders[1].profile.app_ack == 2 &&
              c.senders[1].profile.busy == 2 && c.senders[1].profile.batch == 1 &&
              c.senders[1].profile.test_messages == 1 && c.senders[1].profile.strict == 1 &&
              strcmp(c.senders[1].profile.charset, "BIG-5") == 0 && c.senders[1].line == 15,
          "lab %d", c.senders[1].line);
    CHECK(strcmp(c.channels[0].host, "his.north.example") == 0 && c.channels[0].port == 2576 &&
              !c.channels[0].plain && !c.channels[0].tls.key,
          "channel");
    CHECK(strcmp(c.channels[1].host, "::1") == 0 && c.channels[1].plain == 1, "near");
    arena_reset(&a);
}

/* Who is let in without a certificate, and what becomes of names that nobody has. */
static const struct {
    const char *text;
    int anonymous, unlisted;
} doors[] = {
    {WITH("{mllp: 127.0.0.1:1, feed: demo}"), 0, UNLISTED_ACCEPT},
    {WITH("{mllp: 127.0.0.1:1, feed: demo}\nsenders: [{name: a, facility: A}]"), 0,
     UNLISTED_ACCEPT},
    {WITH("{mllp: 127.0.0.1:1, feed: demo}\nsenders: [{name: a, facility: A}, {name: b, facility: "
          "B, "
          "addresses: 10.0.0.1}]"),
     0, UNLISTED_REFUSE},
    {"senders: [{name: b, facility: B, addresses: 10.0.0.1}]\n" WITH(
         "{mllp: 127.0.0.1:1, feed: demo, "
         "unlisted: auto}"),
     0, UNLISTED_REFUSE},
    {WITH(
         "{mllp: 0.0.0.0:1, feed: demo, tls: {certificate: c, key: k, ca: a}}\nsenders: [{name: b, "
         "facility: B, certificates: b.example}]"),
     0, UNLISTED_REFUSE},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, unlisted: accept}\nsenders: [{name: b, facility: B, "
          "addresses: 10.0.0.1}]"),
     0, UNLISTED_ACCEPT},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, unlisted: refuse}"), 0, UNLISTED_REFUSE},
    {WITH("{mllp: 0.0.0.0:1, feed: demo, tls: {certificate: c, key: k}, client_certificates: "
          "not_needed}"),
     1, UNLISTED_ACCEPT},
    {WITH("{fhir: 0.0.0.0:1, feed: demo, tls: {certificate: c, key: k}, client_certificates: "
          "not_needed}"),
     1, UNLISTED_ACCEPT},
    {WITH("{link: 0.0.0.0:1, tls: {certificate: c, key: k}}"), 0, UNLISTED_ACCEPT},
    {WITH("{webhook: 0.0.0.0:1, tls: {certificate: c, key: k}}"), 0, UNLISTED_ACCEPT},
};

static void test_doors(void)
{
    for
        EACH (i, doors) {
            struct arena a = {0};
            struct config c;
            struct err e = {0};

            CHECK(read_text(doors[i].text, strlen(doors[i].text), &a, &c, &e), "row %zu: %s", i,
                  e.text);
            CHECK(c.n_listen == 1 && c.listen[0].anonymous == doors[i].anonymous &&
                      c.listen[0].unlisted == doors[i].unlisted,
                  "row %zu", i);
            arena_reset(&a);
        }
}

static void test_default(void)
{
    struct config c;

    config_default(&c);
    CHECK(strcmp(c.state, "var") == 0 && !c.feeds && c.n_listen == 0, "defaults");
    CHECK(c.receive_max_message == 4 << 20 && c.receive_fs_grace == 250, "receive");
    CHECK(c.links_ttl == 72 * 3600000LL && c.links_code_ttl == 60000, "links");
    CHECK(c.http_max_header == 16384 && c.http_min_rate == 1024, "http");
    CHECK(c.store_max_batch > 0 && c.map_batch > 0 && c.send_in_flight > 0 && c.send_max_tries > 0,
          "more");
}

static const struct {
    const char *text, *error; /* the error, up to its hint */
} faults[] = {
    /* keys */
    {FEEDS "lsiten: []\n" REST, "t.yaml:2:1: no setting `lsiten`; did you mean `listen`?"},
    {FEEDS "stat: var\n" REST, "t.yaml:2:1: no setting `stat`; did you mean `state`?"},
    {FEEDS "colour: red\n" REST, "t.yaml:2:1: no setting `colour`"},
    {FEEDS REST "send:\n  retry_frist: 1s\n",
     "t.yaml:6:3: no setting `send.retry_frist`; did you mean `send.retry_first`?"},
    {FEEDS REST "send.timeout: 1s\n", "t.yaml:5:1: no setting `send.timeout`"},
    {FEEDS LISTEN LINKS "whatsapp: {token: EAAGsecret}\n",
     "t.yaml:4:12: no setting `whatsapp.token`; write `whatsapp.token_file`"},
    {FEEDS REST "feeds: again\n", "t.yaml:5:1: "},
    {FEEDS REST "send: 3\n", "t.yaml:5:7: `send` is a block of settings"},
    {FEEDS REST "state: {a: b}\n", "t.yaml:5:8: `state` takes one value"},
    {FEEDS REST "state:\n", "t.yaml:5:"},
    {"- a\n", "t.yaml:1:1: the settings are a block of `key: value` lines"},
    {"", "t.yaml:1:1: "},
    {"feeds: [a\n", "t.yaml:2:1: "},
    {"feeds: \"\xff\"\n", "t.yaml:1:9: "},
    {"feeds: &a b\n", "t.yaml:1:8: "},
    /* what is missing */
    {REST, "t.yaml:1:1: `feeds` is missing"},
    {FEEDS WHATSAPP LINKS, "t.yaml:1:1: `listen` is missing"},
    {FEEDS LISTEN LINKS, "t.yaml:1:1: the block `whatsapp` is missing"},
    {FEEDS LISTEN WHATSAPP, "t.yaml:1:1: the block `links` is missing"},
    {FEEDS LISTEN LINKS "whatsapp: {phone_number_id: \"1\", token_file: t, app_secret_file: a}\n",
     "t.yaml:4:1: `whatsapp.verify_token_file` is missing"},
    /* values */
    {FEEDS REST "store: postgres://db\n",
     "t.yaml:5:8: `store`: no such store; this version has `sqlite` only"},
    {FEEDS REST "receive: {max_message: 4X}\n", "t.yaml:5:24: `receive.max_message` is not a size"},
    {FEEDS REST "receive: {max_message: 17M}\n",
     "t.yaml:5:24: `receive.max_message` must be from 1K to 16M"},
    {FEEDS REST "receive: {max_message: 9999999999}\n",
     "t.yaml:5:24: `receive.max_message` is not a size"},
    {FEEDS REST "send: {timeout: 30}\n", "t.yaml:5:17: `send.timeout` is not a duration"},
    {FEEDS REST "send: {timeout: -1s}\n", "t.yaml:5:17: `send.timeout` is not a duration"},
    {FEEDS REST "send: {in_flight: 0}\n", "t.yaml:5:19: `send.in_flight` must be from 1 to 1000"},
    {FEEDS REST "send: {in_flight: 4K}\n", "t.yaml:5:19: `send.in_flight` is not a count"},
    {FEEDS REST "send: {retry_first: 2h}\n",
     "t.yaml:5:21: `send.retry_most` must not be less than `send.retry_first`"},
    {FEEDS REST "receive: {max_connections: 513}\n",
     "t.yaml:5:28: `receive.max_connections_overall` must not be less than "
     "`receive.max_connections`"},
    {FEEDS REST "receive: {max_connections_overall: 63}\n",
     "t.yaml:5:36: `receive.max_connections_overall` must not be less than "
     "`receive.max_connections`"},
    {FEEDS REST "send: {in_flight: \"\"}\n", "t.yaml:5:19: `send.in_flight` is not a count"},
    {FEEDS REST "state: \"\"\n", "t.yaml:5:8: `state`: the value is empty"},
/* URLs */
#define GRAPH(url) FEEDS LISTEN LINKS "whatsapp: {graph: \"" url "\"}\n"
    {GRAPH("http://graph.facebook.com/v25.0"),
     "t.yaml:4:19: `whatsapp.graph`: plain http is for loopback addresses only; use https"},
    {GRAPH("http://127.0.0.1.example.org/v25.0"),
     "t.yaml:4:19: `whatsapp.graph`: plain http is for loopback addresses only; use https"},
    {GRAPH("http://127.0.0.1@example.org/"),
     "t.yaml:4:19: `whatsapp.graph`: the URL must not end in a slash"},
    {GRAPH("http://127.0.0.1@example.org/v1"),
     "t.yaml:4:19: `whatsapp.graph`: a URL must not hold a user name or password"},
    {GRAPH("ftp://127.0.0.1/v1"),
     "t.yaml:4:19: `whatsapp.graph`: write a URL that starts with https://"},
    {GRAPH("https:///v1"), "t.yaml:4:19: `whatsapp.graph`: the host is missing"},
    {GRAPH("https://a:0/v1"),
     "t.yaml:4:19: `whatsapp.graph`: the port must be a number from 1 to 65535"},
    {GRAPH("https://a:x/v1"),
     "t.yaml:4:19: `whatsapp.graph`: the port must be a number from 1 to 65535"},
    {GRAPH("https://a/v1?x=1"),
     "t.yaml:4:19: `whatsapp.graph`: the URL must end before any `?` or `#`"},
    {GRAPH("https://a/v 1"), "t.yaml:4:19: `whatsapp.graph`: a sign that cannot stand in a URL"},
    {FEEDS LISTEN WHATSAPP "links: {base: https://l.example/l}\n",
     "t.yaml:4:15: `links.base`: the URL must end in a slash"},
    {FEEDS LISTEN LINKS "whatsapp: {phone_number_id: +886912345678}\n",
     "t.yaml:4:29: `whatsapp.phone_number_id`: write digits only, at most 20"},
    /* listeners */
    {WITH("{mllp: 127.0.0.1:2575}"), "t.yaml:5:5: a `mllp` listener names its feed"},
    {WITH("{mllp: 127.0.0.1:2575, feed: Demo}"), "t.yaml:5:34: this is not the name of a feed"},
    {WITH("{link: 127.0.0.1:2575, feed: demo}"), "t.yaml:5:28: a `link` listener has no feed"},
    {WITH("{mlpp: 127.0.0.1:2575, feed: demo}"),
     "t.yaml:5:6: no listener `mlpp`; did you mean `mllp`?"},
    {WITH("{smtp: 127.0.0.1:25}"), "t.yaml:5:6: no listener `smtp`"},
    {WITH("{feed: demo}"), "t.yaml:5:5: a listener is written as `{mllp: HOST:PORT, feed: NAME}`"},
    {WITH("mllp"), "t.yaml:5:5: a listener is written as `{mllp: HOST:PORT, feed: NAME}`"},
    {WITH("{link: 127.0.0.1:1, admin: 127.0.0.1:2}"),
     "t.yaml:5:25: one listener to an entry: this one is `link` already"},
    {WITH("{admin: 0.0.0.0:8083}"), "t.yaml:5:13: plain listeners are for loopback addresses only"},
    {WITH("{admin: 192.168.1.2:8083}"),
     "t.yaml:5:13: plain listeners are for loopback addresses only"},
    {WITH("{admin: \"[::]:8083\"}"),
     "t.yaml:5:13: plain listeners are for loopback addresses only"},
    {WITH("{admin: localhost:8083}"),
     "t.yaml:5:13: the host must be a numeric address, for example 127.0.0.1"},
    {WITH("{admin: 127.1:8083}"),
     "t.yaml:5:13: the host must be a numeric address, for example 127.0.0.1"},
    {WITH("{admin: 127.0.0.1}"),
     "t.yaml:5:13: write HOST:PORT, for example 127.0.0.1:2575 or [::1]:2575"},
    {WITH("{admin: 127.0.0.1:65536}"), "t.yaml:5:13: the port must be a number from 0 to 65535"},
    {WITH("{admin: 127.0.0.1:-1}"), "t.yaml:5:13: the port must be a number from 0 to 65535"},
    {WITH("{admin: \"127.0.0.1:\"}"), "t.yaml:5:13: the port must be a number from 0 to 65535"},
    {WITH("{admin: 127.0.0.1:8083}\n  - {link: 127.0.0.1:8083}"),
     "t.yaml:6:12: this address is already taken in line 5"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, moed: auto}"),
     "t.yaml:5:37: a listener has no `moed`; did you mean `mode`?"},
    {WITH("{admin: 127.0.0.1:1, mode: auto}"), "t.yaml:5:26: a listener has no `mode`"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, mode: both}"),
     "t.yaml:5:43: `mode` is one of: auto original enhanced"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, mode: [auto]}"), "t.yaml:5:43: `mode` takes one value"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, tls: {key: k}}"),
     "t.yaml:5:37: `tls` needs `certificate` and `key`"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, tls: yes}"), "t.yaml:5:42: `tls` is a block of options"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, tls: {cert: k}}"),
     "t.yaml:5:43: a listener has no `tls.cert`"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, allow: []}"),
     "t.yaml:5:44: `allow` takes 1 to 1000 values"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, app_ack: return_channel}"),
     "t.yaml:5:46: `return_channel` needs a `channel`"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, channel: x}"),
     "t.yaml:5:46: `channels` has no such channel"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, start_byte: 11}"),
     "t.yaml:5:49: `start_byte` is a control character"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, end_byte: 0x0d}"),
     "t.yaml:5:47: `end_byte` is a control character"},
    {WITH("{mllp: 127.0.0.1:1, feed: demo, start_byte: 0x02, end_byte: 0x02}"),
     "t.yaml:5:5: `start_byte` and `end_byte` are the same"},
    {WITH("{mllp: 0.0.0.0:1, feed: demo, tls: {certificate: c, key: k}}"),
     "t.yaml:5:5: beyond loopback a `mllp` listener needs `tls.ca`, so that clients show a "
     "certificate"},
    {WITH("{fhir: \"[::]:1\", feed: demo, tls: {certificate: c, key: k}}"),
     "t.yaml:5:5: beyond loopback a `fhir` listener needs `tls.ca`"},
    {WITH("{admin: 192.168.1.2:1, tls: {certificate: c, key: k}, client_certificates: needed}"),
     "t.yaml:5:5: beyond loopback a `admin` listener needs `tls.ca`"},
    {WITH("{admin: 0.0.0.0:1, client_certificates: not_needed}"),
     "t.yaml:5:13: plain listeners are for loopback addresses only"},
    {WITH("{admin: 0.0.0.0:1, tls: {certificate: c, key: k, ca: a}, client_certificates: "
          "not_needed}"),
     "t.yaml:5:62: `tls.ca` asks for client certificates"},
    {WITH("{link: 0.0.0.0:1, tls: {certificate: c, key: k}, client_certificates: not_needed}"),
     "t.yaml:5:54: a listener has no `client_certificates`"},
    /* senders and channels */
    {WITH("{mllp: 127.0.0.1:1, feed: demo, tls: {certificate: c, key: k}}\nsenders: [{name: a, "
          "facility: A}, "
          "{name: b, facility: B, certificates: b.example}]"),
     "t.yaml:6:58: no `mllp` listener asks for client certificates (`tls.ca`)"},
    {WITH("{fhir: 127.0.0.1:1, feed: demo, tls: {certificate: c, key: k, ca: a}}\nsenders: [{name: "
          "b, "
          "facility: B, certificates: b.example}]"),
     "t.yaml:6:34: no `mllp` listener asks for client certificates (`tls.ca`)"},
    {FEEDS REST "senders: {}\n", "t.yaml:5:10: `senders` is a list"},
    {FEEDS REST "senders: [{name: a}]\n",
     "t.yaml:5:11: a sender has an `application`, a `facility` or both"},
    {FEEDS REST "senders: [{facility: a}]\n", "t.yaml:5:11: a sender has a `name`"},
    {FEEDS REST "senders: [{name: a, facility: A}, {name: a, facility: B}]\n",
     "t.yaml:5:42: this name is already taken in line 5"},
    {FEEDS REST "senders: [{name: a, facility: A, addreses: x}]\n",
     "t.yaml:5:34: a sender has no `addreses`; did you mean `addresses`?"},
    {FEEDS REST "senders: [{name: a, facility: A, channel: nrth}]\nchannels: [{name: north, to: "
                "n.example:1}]\n",
     "t.yaml:5:43: no such channel; did you mean `north`?"},
    {FEEDS REST
     "senders: [{name: a, facility: A, channel: n, app_ack: off}]\nchannels: [{name: n, to: "
     "n.example:1}]\n",
     "t.yaml:5:43: `channel` is for `app_ack: return_channel` only"},
    {FEEDS REST "channels: [{name: a}]\n",
     "t.yaml:5:12: a channel says where it leads: `to: HOST:PORT`"},
    {FEEDS REST "channels: [{name: a, to: nowhere}]\n", "t.yaml:5:26: write HOST:PORT"},
    {FEEDS REST "channels: [{name: a, to: \"a b:1\"}]\n", "t.yaml:5:26: write HOST:PORT"},
    {FEEDS REST "channels: [{name: a, to: h.example:0}]\n",
     "t.yaml:5:26: the port must be a number from 1 to 65535"},
    {FEEDS REST "channels: [{name: a, to: h.example:1, plain: yes}]\n",
     "t.yaml:5:26: plain channels lead to loopback addresses only"},
    {FEEDS REST "channels: [{name: a, to: h.example:1, tls: {key: k}}]\n",
     "t.yaml:5:39: `tls.certificate` and `tls.key` stand together"},
    {FEEDS REST "senders: [x]\n", "t.yaml:5:11: a sender is a block that begins with its `name`"},
    {FEEDS WHATSAPP LINKS "listen: {admin: 127.0.0.1:8083}\n",
     "t.yaml:4:9: `listen` is a list of listeners"},
    {FEEDS WHATSAPP LINKS "listen: []\n", "t.yaml:4:9: `listen` is a list of listeners"},
};

static void test_faults(void)
{
    struct arena a = {0};

    for
        EACH (i, faults) {
            struct config c;
            struct err e = {0};

            CHECK(!read_text(faults[i].text, strlen(faults[i].text), &a, &c, &e),
                  "case %zu is no fault", i);
            CHECK(e.kind == ERR_CONFIG, "case %zu: kind %d", i, e.kind);
            CHECK(strncmp(e.text, faults[i].error, strlen(faults[i].error)) == 0, "case %zu: %s", i,
                  e.text);
            CHECK(!strstr(e.text, "EAAG"), "case %zu shows a secret", i);
            arena_reset(&a);
        }
}

/* Every prefix and every flipped bit of a good file: an answer, and never a fault without a place. */
static void test_broken(void)
{
    struct arena a = {0};
    char text[sizeof whole];
    int silent = 0;

    for (size_t n = 0; n < sizeof whole - 1; n += 3) {
        struct config c;
        struct err e = {0};

        if (!read_text(whole, n, &a, &c, &e))
            silent += strncmp(e.text, "t.yaml:", 7) != 0;
        memcpy(text, whole, sizeof whole);
        text[n] = (char)(text[n] ^ (1 << n % 8));
        e = (struct err){0};
        if (!read_text(text, sizeof whole - 1, &a, &c, &e))
            silent += strncmp(e.text, "t.yaml:", 7) != 0;
        arena_reset(&a);
    }
    CHECK(silent == 0, "%d errors without a place", silent);
}

static void test_no_file(void)
{
    struct arena a = {0};
    struct config c;
    struct err e = {0};

    CHECK(!config_read("no/such/tidings.yaml", &a, &c, &e), "no such file");
    CHECK(e.kind == ERR_CONFIG && e.code && strstr(e.text, "cannot be read"), "%s", e.text);
    e = (struct err){0};
    CHECK(!config_read("/", &a, &c, &e) && e.kind == ERR_CONFIG, "a folder: %s", e.text);
    arena_reset(&a);
}

/* docs/settings.md is what the table makes of it. */
static void test_docs(void)
{
    char *made = NULL, page[32768];
    size_t n = 0, n_page;
    FILE *to = open_memstream(&made, &n), *from = fopen("docs/settings.md", "rb");

    config_write_docs(to);
    fclose(to);
    CHECK(from != NULL, "docs/settings.md is not there");
    if (from) {
        n_page = fread(page, 1, sizeof page, from);
        fclose(from);
        CHECK(n_page == n && memcmp(page, made, n) == 0,
              "docs/settings.md is stale: tidings settings > docs/settings.md");
    }
    free(made);
}

int main(void)
{
    test_whole();
    test_receiver();
    test_doors();
    test_default();
    test_faults();
    test_broken();
    test_no_file();
    test_docs();
    return check_end();
}
