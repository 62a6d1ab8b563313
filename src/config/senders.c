#include "senders.h"

#include "base/closest.h"
#include "option.h"
#include "value.h"

enum { ENTRIES_MOST = 1000 };

static bool is_list(struct reading *r, const struct yaml_node *list, const char *name)
{
    if (list->kind != YAML_LIST || list->n == 0)
        return reading_fault(r, list, NULL, "`%s` is a list", name);
    if (list->n > ENTRIES_MOST)
        return reading_fault(r, list, NULL, "more than %d entries", ENTRIES_MOST);
    return true;
}

static bool read_entry(struct reading *r, const struct options *of, const struct yaml_node *entry,
                       void *out)
{
    if (entry->kind != YAML_MAP)
        return reading_fault(r, entry, NULL, "a %s is a block that begins with its `name`",
                             of->name);
    for (size_t i = 0; i < entry->n; i++)
        if (!option_read(r, of, 0, &entry->pairs[i], out))
            return false;
    if (!yaml_get(entry, "name"))
        return reading_fault(r, entry, NULL, "a %s has a `name`", of->name);
    return true;
}

/* A sender without MSH-3 and MSH-4 would be everybody. */
static bool check_sender(struct reading *r, const struct yaml_node *entry, size_t i)
{
    const struct sender_entry *s = &r->out->senders[i];

    if (!s->application && !s->facility)
        return reading_fault(r, entry, "what stands in MSH-3 and MSH-4",
                             "a sender has an `application`, a `facility` or both");
    for (size_t n = 0; n < i; n++)
        if (strcmp(r->out->senders[n].name, s->name) == 0)
            return reading_fault(r, yaml_get(entry, "name"), NULL,
                                 "this name is already taken in line %d", r->out->senders[n].line);
    return true;
}

bool senders_read(struct reading *r, const struct yaml_node *list)
{
    if (!is_list(r, list, "senders"))
        return false;
    r->out->senders = NEW_ARRAY(r->arena, struct sender_entry, list->n);
    for (size_t i = 0; i < list->n; i++) {
        r->out->senders[i].line = list->items[i]->line;
        if (!read_entry(r, &sender_options, list->items[i], &r->out->senders[i]) ||
            !check_sender(r, list->items[i], i))
            return false;
        r->out->n_senders++;
    }
    return true;
}

static bool check_channel(struct reading *r, const struct yaml_node *entry, size_t i)
{
    struct channel_entry *c = &r->out->channels[i];
    const struct yaml_node *to = yaml_get(entry, "to");
    const char *fault;

    if (!to)
        return reading_fault(r, entry, NULL, "a channel says where it leads: `to: HOST:PORT`");
    fault = value_target(to->text, r->arena, &c->host, &c->port);
    if (fault)
        return reading_fault(r, to, NULL, "%s", fault);
    if (c->plain && !value_is_loopback(c->host))
        return reading_fault(r, to, "leave `plain` out to use TLS",
                             "plain channels lead to loopback addresses only");
    if (!c->tls.certificate != !c->tls.key)
        return reading_fault(r, yaml_pair_of(entry, "tls")->key, NULL,
                             "`tls.certificate` and `tls.key` stand together");
    for (size_t n = 0; n < i; n++)
        if (strcmp(r->out->channels[n].name, c->name) == 0)
            return reading_fault(r, yaml_get(entry, "name"), NULL,
                                 "this name is already taken in line %d", r->out->channels[n].line);
    return true;
}

bool channels_read(struct reading *r, const struct yaml_node *list)
{
    if (!is_list(r, list, "channels"))
        return false;
    r->out->channels = NEW_ARRAY(r->arena, struct channel_entry, list->n);
    for (size_t i = 0; i < list->n; i++) {
        r->out->channels[i].line = list->items[i]->line;
        if (!read_entry(r, &channel_options, list->items[i], &r->out->channels[i]) ||
            !check_channel(r, list->items[i], i))
            return false;
        r->out->n_channels++;
    }
    return true;
}

/* A channel brings its app_ack with it: return_channel is index 1. */
static bool check_profile(struct reading *r, const struct yaml_node *entry,
                          struct config_profile *p)
{
    const struct yaml_node *at = yaml_get(entry, "channel"), *ack = yaml_get(entry, "app_ack");
    const char *names[ENTRIES_MOST], *near;

    if (!p->channel)
        return p->app_ack != 1 || reading_fault(r, ack, NULL, "`return_channel` needs a `channel`");
    if (ack && p->app_ack != 1)
        return reading_fault(r, at, NULL, "`channel` is for `app_ack: return_channel` only");
    p->app_ack = 1;
    for (size_t i = 0; i < r->out->n_channels; i++) {
        names[i] = r->out->channels[i].name;
        if (strcmp(names[i], p->channel) == 0)
            return true;
    }
    near = closest(p->channel, names, r->out->n_channels);
    if (near)
        return reading_fault(r, at, NULL, "no such channel; did you mean `%s`?", near);
    return reading_fault(r, at, NULL, "`channels` has no such channel");
}

/* A certificate that nobody asks for is never shown. */
static bool check_shown(struct reading *r, const struct yaml_node *senders)
{
    for (size_t i = 0; i < r->out->n_listen; i++)
        if (r->out->listen[i].kind == LISTEN_MLLP && r->out->listen[i].tls.ca)
            return true;
    for (size_t i = 0; i < r->out->n_senders; i++)
        if (r->out->senders[i].certificates.n)
            return reading_fault(r, yaml_pair_of(senders->items[i], "certificates")->key, NULL,
                                 "no `mllp` listener asks for client certificates (`tls.ca`)");
    return true;
}

/* Where any sender is bound, a name that nobody has is one misspelled on purpose. */
static void settle_unlisted(struct config *c)
{
    int automatic = UNLISTED_ACCEPT;

    for (size_t i = 0; i < c->n_senders; i++)
        if (c->senders[i].addresses.n || c->senders[i].certificates.n)
            automatic = UNLISTED_REFUSE;
    for (size_t i = 0; i < c->n_listen; i++)
        if (c->listen[i].unlisted == UNLISTED_AUTO)
            c->listen[i].unlisted = automatic;
}

bool senders_check(struct reading *r, const struct yaml_node *root)
{
    const struct yaml_node *senders = yaml_get(root, "senders"), *listen = yaml_get(root, "listen");

    for (size_t i = 0; i < r->out->n_senders; i++)
        if (!check_profile(r, senders->items[i], &r->out->senders[i].profile))
            return false;
    for (size_t i = 0; i < r->out->n_listen; i++)
        if (!check_profile(r, listen->items[i], &r->out->listen[i].profile))
            return false;
    settle_unlisted(r->out);
    return check_shown(r, senders);
}
