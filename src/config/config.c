#include "config/config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/closest.h"
#include "listen.h"
#include "option.h"
#include "reading.h"
#include "senders.h"
#include "table.h"
#include "value.h"

enum { FILE_MOST = 1 << 20, KEY_MOST = 80, WORDS_MOST = 128 };

static void *member(struct config *c, const struct setting *s)
{
    return (char *)c + s->at;
}

static bool is_number(enum setting_type t)
{
    return t >= SETTING_COUNT;
}

void config_default(struct config *out)
{
    *out = (struct config){.file = "(defaults)"};
    for (size_t i = 0; i < n_settings; i++) {
        const struct setting *s = &settings[i];

        if (!is_number(s->type))
            *(const char **)member(out, s) = s->standard;
        else if (!value_number(s->type, str_of(s->standard), member(out, s)))
            abort(); /* the table itself is wrong */
    }
}

static bool store_number(struct reading *r, const struct setting *s, const struct yaml_node *at)
{
    int64_t value = 0;
    char least[32], most[32];

    value_print(s->type, s->min, least);
    value_print(s->type, s->max, most);
    if (!value_number(s->type, at->text, &value))
        return reading_fault(r, at,
                             s->type == SETTING_COUNT ? "a whole number"
                             : s->type == SETTING_BYTES
                                 ? "a number and K, M or G, as in 4M"
                                 : "a number and ms, s, m, h or d, as in 30s",
                             "`%s` is not a %s", s->key, setting_type_name(s->type));
    if (value < s->min || value > s->max)
        return reading_fault(r, at, NULL, "`%s` must be from %s to %s", s->key, least, most);
    *(int64_t *)member(r->out, s) = value;
    return true;
}

static bool store_value(struct reading *r, const struct setting *s, const struct yaml_node *at)
{
    const char *fault;

    if (at->kind != YAML_SCALAR)
        return reading_fault(r, at, NULL, "`%s` takes one value", s->key);
    if (is_number(s->type))
        return store_number(r, s, at);
    fault = value_text_fault(s->type, at->text);
    if (fault)
        return reading_fault(r, at, NULL, "`%s`: %s", s->key, fault);
    if (s->type == SETTING_FILE || s->type == SETTING_FOLDER)
        *(const char **)member(r->out, s) = option_path(r, at->text);
    else
        *(const char **)member(r->out, s) = arena_copy(r->arena, at->text).p;
    return true;
}

static const struct setting *find(const char *key)
{
    for (size_t i = 0; i < n_settings; i++)
        if (strcmp(settings[i].key, key) == 0)
            return &settings[i];
    return NULL;
}

/* "whatsapp" is the block of "whatsapp.graph". */
static bool in_block(const struct setting *s, const char *block)
{
    size_t n = strlen(block);

    return strncmp(s->key, block, n) == 0 && s->key[n] == '.';
}

static bool is_block(const char *name)
{
    for (size_t i = 0; i < n_settings; i++)
        if (in_block(&settings[i], name))
            return true;
    return false;
}

static const struct {
    const char *name;
    bool (*read)(struct reading *r, const struct yaml_node *list);
} lists[] = {{"listen", listen_read}, {"senders", senders_read}, {"channels", channels_read}};
enum { LISTS = sizeof lists / sizeof *lists };

/* What an unknown key may have meant. The words of a block have no block in front. */
static bool unknown(struct reading *r, const struct yaml_node *key, const char *block)
{
    const char *words[WORDS_MOST], *near;
    char full[KEY_MOST];
    size_t n = 0;

    snprintf(full, sizeof full, "%s%s%.*s_file", block, *block ? "." : "", 40, key->text.p);
    if (find(full))
        return reading_fault(r, key, "secrets stand in files of their own",
                             "no setting `%.*s`; write `%s`", (int)(strlen(full) - 5), full, full);
    for (size_t i = 0; i < n_settings && n < WORDS_MOST - LISTS; i++)
        if (*block && in_block(&settings[i], block))
            words[n++] = settings[i].key + strlen(block) + 1;
        else if (!*block)
            words[n++] =
                arena_copy(r->arena, (struct str){settings[i].key, strcspn(settings[i].key, ".")})
                    .p;
    for (size_t i = 0; !*block && i < LISTS; i++)
        words[n++] = lists[i].name;
    near = closest(key->text.p, words, n);
    full[strlen(full) - 5] = '\0';
    if (near)
        return reading_fault(r, key, NULL, "no setting `%s`; did you mean `%s%s%s`?", full, block,
                             *block ? "." : "", near);
    return reading_fault(r, key, NULL, "no setting `%s`", full);
}

static bool read_block(struct reading *r, const char *block, const struct yaml_node *map)
{
    if (map->kind != YAML_MAP)
        return reading_fault(r, map, NULL, "`%s` is a block of settings", block);
    for (size_t i = 0; i < map->n; i++) {
        const struct setting *s;
        char key[KEY_MOST];

        snprintf(key, sizeof key, "%s.%s", block, map->pairs[i].key->text.p);
        s = find(key);
        if (s ? !store_value(r, s, map->pairs[i].value) : !unknown(r, map->pairs[i].key, block))
            return false;
    }
    return true;
}

static bool read_pair(struct reading *r, const struct yaml_pair *pair)
{
    const char *key = pair->key->text.p;
    const struct setting *s = strchr(key, '.') ? NULL : find(key);

    for (size_t i = 0; i < LISTS; i++)
        if (strcmp(key, lists[i].name) == 0)
            return lists[i].read(r, pair->value);
    if (s)
        return store_value(r, s, pair->value);
    if (is_block(key))
        return read_block(r, key, pair->value);
    return unknown(r, pair->key, "");
}

/* Settings that have no default and are not there. The place is the block they belong in. */
static bool check_missing(struct reading *r, const struct yaml_node *root)
{
    for (size_t i = 0; i < n_settings; i++) {
        const struct setting *s = &settings[i];
        size_t n = strcspn(s->key, ".");
        const char *block = arena_copy(r->arena, (struct str){s->key, n}).p;
        const struct yaml_pair *pair = yaml_pair_of(root, block);

        if (is_number(s->type) || *(const char **)member(r->out, s))
            continue;
        if (s->key[n] == '.' && !pair)
            return reading_fault(r, root, s->help, "the block `%s` is missing", block);
        return reading_fault(r, pair ? pair->key : root, s->help, "`%s` is missing", s->key);
    }
    if (!yaml_get(root, "listen"))
        return reading_fault(r, root, "for example `listen: [{admin: 127.0.0.1:8083}]`",
                             "`listen` is missing");
    return true;
}

static bool check_retries(struct reading *r, const struct yaml_node *root)
{
    const struct yaml_node *send = yaml_get(root, "send");
    const struct yaml_node *most = yaml_get(send, "retry_most");

    if (r->out->send_retry_first <= r->out->send_retry_most)
        return true;
    return reading_fault(r, most ? most : yaml_get(send, "retry_first"), NULL,
                         "`send.retry_most` must not be less than `send.retry_first`");
}

/* One listener cannot have more than all of them. */
static bool check_connections(struct reading *r, const struct yaml_node *root)
{
    const struct yaml_node *receive = yaml_get(root, "receive");
    const struct yaml_node *each = yaml_get(receive, "max_connections");

    if (r->out->receive_max_connections <= r->out->receive_max_connections_overall)
        return true;
    return reading_fault(
        r, each ? each : yaml_get(receive, "max_connections_overall"), NULL,
        "`receive.max_connections_overall` must not be less than `receive.max_connections`");
}

/* The whole file in the arena. */
static bool load(const char *path, struct arena *a, struct str *out, struct err *e)
{
    FILE *f = fopen(path, "rb");
    char *text;
    size_t n;

    if (!f)
        return err_set(e, ERR_CONFIG, errno, "%s: cannot be read: %s", path, strerror(errno));
    text = arena_get(a, FILE_MOST + 1, 1);
    n = fread(text, 1, FILE_MOST + 1, f);
    if (ferror(f)) {
        int code = errno;

        (void)fclose(f);
        return err_set(e, ERR_CONFIG, code, "%s: cannot be read: %s", path, strerror(code));
    }
    (void)fclose(f);
    if (n > FILE_MOST)
        return err_set(e, ERR_CONFIG, 0, "%s: longer than 1 MiB", path);
    *out = (struct str){text, n};
    return true;
}

bool config_read(const char *path, struct arena *a, struct config *out, struct err *e)
{
    struct reading r = {.arena = a, .out = out, .e = e};
    struct str text = STR("");
    struct yaml_node *root;

    config_default(out);
    r.file = out->file = arena_copy(a, str_of(path)).p;
    *e = (struct err){0};
    if (!load(path, a, &text, e))
        return false;
    root = reading_parse(&r, text);
    if (!root)
        return false;
    if (root->kind != YAML_MAP)
        return reading_fault(&r, root, NULL, "the settings are a block of `key: value` lines");
    for (size_t i = 0; i < root->n; i++)
        if (!read_pair(&r, &root->pairs[i]))
            return false;
    for (size_t i = 0; i < n_settings; i++) /* defaults are relative to the file too */
        if ((settings[i].type == SETTING_FILE || settings[i].type == SETTING_FOLDER) &&
            *(const char **)member(out, &settings[i]) == settings[i].standard &&
            settings[i].standard)
            *(const char **)member(out, &settings[i]) =
                option_path(&r, str_of(settings[i].standard));
    return check_missing(&r, root) && check_retries(&r, root) && check_connections(&r, root) &&
           senders_check(&r, root);
}
