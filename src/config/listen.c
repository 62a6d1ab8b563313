#include "listen.h"

#include "base/closest.h"
#include "option.h"
#include "table.h"
#include "value.h"

enum { LISTEN_MOST = 64, FEED_NAME_MOST = 40 };

static bool feed_name_fits(struct str s)
{
    if (s.n == 0 || s.n > FEED_NAME_MOST || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') &&
            s.p[i] != '_' && s.p[i] != '-')
            return false;
    return true;
}

static const struct listen_row *row_of(struct str name, enum listen_kind *kind)
{
    for (size_t i = 0; i < LISTEN_KINDS; i++)
        if (str_eq(name, str_of(listen_rows[i].name))) {
            *kind = (enum listen_kind)i;
            return &listen_rows[i];
        }
    return NULL;
}

/* One kind of listener too many, or none, or a word that is neither listener nor option. */
static bool unknown(struct reading *r, const struct yaml_node *key)
{
    const char *words[LISTEN_KINDS + 1], *near;

    for (size_t i = 0; i < LISTEN_KINDS; i++)
        words[i] = listen_rows[i].name;
    words[LISTEN_KINDS] = "feed";
    near = closest(key->text.p, words, LISTEN_KINDS + 1);
    if (near)
        return reading_fault(r, key, NULL, "no listener `%.40s`; did you mean `%s`?", key->text.p,
                             near);
    return reading_fault(r, key, "one of mllp, fhir, link, webhook, admin", "no listener `%.40s`",
                         key->text.p);
}

static bool read_address(struct reading *r, const struct yaml_node *at, struct listen *l)
{
    char host[HOST_TEXT];
    const char *fault;

    if (at->kind != YAML_SCALAR)
        return reading_fault(r, at, NULL, "write HOST:PORT, for example 127.0.0.1:2575");
    fault = value_address(at->text, host, &l->port);
    if (fault)
        return reading_fault(r, at, NULL, "%s", fault);
    if (!l->tls.certificate && !value_is_loopback(host))
        return reading_fault(r, at, "add `tls: {certificate: FILE, key: FILE}`",
                             "plain listeners are for loopback addresses only");
    l->host = arena_copy(r->arena, str_of(host)).p;
    l->line = at->line;
    for (size_t i = 0; i < r->out->n_listen; i++)
        if (l->port && l->port == r->out->listen[i].port &&
            strcmp(l->host, r->out->listen[i].host) == 0)
            return reading_fault(r, at, NULL, "this address is already taken in line %d",
                                 r->out->listen[i].line);
    return true;
}

static bool read_feed(struct reading *r, const struct listen_row *row,
                      const struct yaml_node *entry, struct listen *l)
{
    const struct yaml_pair *pair = yaml_pair_of(entry, "feed");

    if (!row->feed && !pair)
        return true;
    if (!row->feed)
        return reading_fault(r, pair->key, NULL, "a `%s` listener has no feed", row->name);
    if (!pair)
        return reading_fault(r, entry, "as in `{mllp: 127.0.0.1:2575, feed: demo}`",
                             "a `%s` listener names its feed", row->name);
    if (pair->value->kind != YAML_SCALAR || !feed_name_fits(pair->value->text))
        return reading_fault(r, pair->value, "small letters, digits, _ and -, at most 40",
                             "this is not the name of a feed");
    l->feed = arena_copy(r->arena, pair->value->text).p;
    return true;
}

/* Which listener the entry is. */
static const struct yaml_pair *kind_of(struct reading *r, const struct yaml_node *entry,
                                       const struct listen_row **row, struct listen *l)
{
    const struct yaml_pair *of = NULL;

    for (size_t i = 0; i < entry->n; i++) {
        const struct listen_row *here = row_of(entry->pairs[i].key->text, &l->kind);

        if (!here)
            continue;
        if (of) {
            (void)reading_fault(r, entry->pairs[i].key, NULL,
                                "one listener to an entry: this one is `%s` already",
                                of->key->text.p);
            return NULL;
        }
        of = &entry->pairs[i];
        *row = here;
    }
    if (!of && entry->n && !str_eq(entry->pairs[0].key->text, STR("feed")))
        (void)unknown(r, entry->pairs[0].key);
    else if (!of)
        (void)reading_fault(r, entry, NULL,
                            "a listener is written as `{mllp: HOST:PORT, feed: NAME}`");
    return of;
}

static bool check_tls(struct reading *r, const struct yaml_node *entry,
                      const struct config_tls *tls)
{
    const struct yaml_pair *pair = yaml_pair_of(entry, "tls");

    if (!pair || (tls->certificate && tls->key))
        return true;
    return reading_fault(r, pair->key, NULL, "`tls` needs `certificate` and `key`");
}

/* Senders, FHIR clients and who reads our figures are known people; a link and a webhook are for the public. */
static bool check_clients(struct reading *r, const struct yaml_node *entry, const struct listen *l)
{
    const struct yaml_pair *pair = yaml_pair_of(entry, "client_certificates");

    if (l->anonymous && l->tls.ca)
        return reading_fault(r, pair->key, NULL, "`tls.ca` asks for client certificates");
    if (l->anonymous || l->tls.ca || value_is_loopback(l->host) || l->kind == LISTEN_LINK ||
        l->kind == LISTEN_WEBHOOK)
        return true;
    return reading_fault(
        r, entry, "or `client_certificates: not_needed` where everybody may connect",
        "beyond loopback a `%s` listener needs `tls.ca`, so that clients show a certificate",
        listen_rows[l->kind].name);
}

static bool read_entry(struct reading *r, const struct yaml_node *entry, struct listen *l)
{
    const struct listen_row *row = NULL;
    const struct yaml_pair *of;

    if (entry->kind != YAML_MAP)
        return reading_fault(r, entry, NULL,
                             "a listener is written as `{mllp: HOST:PORT, feed: NAME}`");
    of = kind_of(r, entry, &row, l);
    if (!of)
        return false;
    for (size_t i = 0; i < entry->n; i++) {
        const struct yaml_pair *pair = &entry->pairs[i];

        if (pair != of && !str_eq(pair->key->text, STR("feed")) &&
            !option_read(r, &listen_options, 1U << l->kind, pair, l))
            return false;
    }
    if (l->start_byte && l->start_byte == l->end_byte)
        return reading_fault(r, entry, NULL, "`start_byte` and `end_byte` are the same");
    return check_tls(r, entry, &l->tls) && read_address(r, of->value, l) &&
           check_clients(r, entry, l) && read_feed(r, row, entry, l);
}

bool listen_read(struct reading *r, const struct yaml_node *list)
{
    if (list->kind != YAML_LIST || list->n == 0)
        return reading_fault(r, list, NULL, "`listen` is a list of listeners");
    if (list->n > LISTEN_MOST)
        return reading_fault(r, list, NULL, "more than %d listeners", LISTEN_MOST);
    r->out->listen = NEW_ARRAY(r->arena, struct listen, list->n);
    for (size_t i = 0; i < list->n; i++) {
        if (!read_entry(r, list->items[i], &r->out->listen[i]))
            return false;
        r->out->n_listen++;
    }
    return true;
}
