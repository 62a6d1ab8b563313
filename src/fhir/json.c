#include "fhir/json.h"

#include "json_token.h"
#include "sort.h"

/*   value ::= object | array | string | number | "true" | "false" | "null"
 *
 * The parser stands in one container (`in`) at a time and goes back up by its parent, so a deep
 * text costs no stack. */
enum want {
    WANT_VALUE,        /* after ',' or ':' or at the start  */
    WANT_VALUE_OR_END, /* after '['                        */
    WANT_KEY,          /* after ',' in an object            */
    WANT_KEY_OR_END,   /* after '{'                         */
    WANT_COMMA,        /* after a value inside a container  */
    WANT_NOTHING,      /* after the outermost value         */
};

struct reader {
    struct str text;
    size_t at;
    const struct json_limits *limits;
    struct arena *a;
    struct json_node *root, *in, *last; /* last: newest child of `in` */
    size_t depth, nodes;
    struct str key; /* of the value to come */
    size_t key_at;
    enum want want;
    struct json_fault *fault;
    struct err *e;
};

struct json_limits json_limits_default(void)
{
    return (struct json_limits){.max_depth = 64, .max_nodes = 500000, .max_string = 1 << 20};
}

static bool fail_as(struct reader *r, size_t at, const char *code, const char *what)
{
    size_t line = 1, start = 0;
    const struct json_node *place = r->last ? r->last : r->in;

    for (size_t i = 0; i < at && i < r->text.n; i++) {
        if (r->text.p[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    if (r->fault) {
        *r->fault =
            (struct json_fault){.at = at, .line = line, .column = at - start + 1, .code = code};
        if (place)
            r->fault->expression = json_expression(place, r->a);
    }
    return err_set(r->e, ERR_INPUT, 0, "line %zu, column %zu: %s", line, at - start + 1, what);
}

static bool fail(struct reader *r, size_t at, const char *what)
{
    return fail_as(r, at, "structure", what);
}

static bool fail_token(struct reader *r, const struct json_token *t)
{
    bool limit = strstr(t->fault, "over the limit") != NULL;

    return fail_as(r, t->end, limit ? "too-long" : "structure", t->fault);
}

static struct json_node *add_node(struct reader *r, enum json_kind kind)
{
    struct json_node *node = NEW(r->a, struct json_node);

    node->kind = kind;
    node->name = r->key;
    node->parent = r->in;
    node->at = r->at;
    node->key_at = r->key.p ? r->key_at : r->at;
    r->key = (struct str){0};
    if (!r->in)
        r->root = node;
    else if (r->last)
        r->last->next = node;
    else
        r->in->first = node;
    if (r->in)
        node->index = r->in->n++;
    r->last = node;
    r->nodes++;
    return node;
}

static bool by_name(const void *x, const void *y)
{
    const struct json_node *a = x, *b = y;
    size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
    int order = n ? memcmp(a->name.p, b->name.p, n) : 0;

    if (order == 0 && a->name.n != b->name.n)
        return a->name.n < b->name.n;
    return order ? order < 0 : a->at < b->at;
}

/* As find_twice(), for the few members that nearly every object has. */
static const struct json_node *find_twice_of_few(const struct json_node *object)
{
    for (const struct json_node *c = object->first; c; c = c->next)
        for (const struct json_node *before = object->first; before != c; before = before->next)
            if (str_eq(before->name, c->name))
                return c;
    return NULL;
}

/* The first member whose key stood there before; NULL when all differ. Sorting keeps an object of a
 * hundred thousand keys cheap. */
static const struct json_node *find_twice(const struct json_node *object, struct arena *a)
{
    const struct arena_mark mark = arena_mark(a);
    const struct json_node *twice = NULL;
    const void **all;
    size_t n = 0;

    if (object->n <= 16)
        return find_twice_of_few(object);
    all = NEW_ARRAY(a, const void *, object->n);
    for (const struct json_node *c = object->first; c; c = c->next)
        all[n++] = c;
    sort_pointers(all, n, by_name, a);
    for (size_t i = 1; i < n; i++) {
        const struct json_node *one = all[i - 1], *next = all[i];

        if (str_eq(one->name, next->name) && (!twice || next->at < twice->at))
            twice = next;
    }
    arena_rewind(a, mark);
    return twice;
}

/* After a whole value: on with its container, or done. */
static void after_value(struct reader *r, struct json_node *node)
{
    node->end = r->at;
    r->last = node;
    r->in = node->parent;
    r->want = r->in ? WANT_COMMA : WANT_NOTHING;
}

static bool open_container(struct reader *r, bool object)
{
    if (++r->depth > r->limits->max_depth)
        return fail(r, r->at, "nested too deep");
    r->in = add_node(r, object ? JSON_OBJECT : JSON_ARRAY);
    r->last = NULL;
    r->at++;
    r->want = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    return true;
}

static bool close_container(struct reader *r)
{
    struct json_node *node = r->in;
    const struct json_node *twice = node->kind == JSON_OBJECT ? find_twice(node, r->a) : NULL;

    if (twice) {
        r->last = NULL;
        return fail(r, twice->key_at, "the same key twice in one object");
    }
    r->depth--;
    r->at++;
    after_value(r, node);
    return true;
}

static bool read_word(struct reader *r)
{
    static const struct {
        struct str word;
        enum json_kind kind;
    } words[] = {
        {STR_LIT("null"), JSON_NULL}, {STR_LIT("true"), JSON_TRUE}, {STR_LIT("false"), JSON_FALSE}};
    struct str rest = {r->text.p + r->at, r->text.n - r->at};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_starts(rest, words[i].word)) {
            struct json_node *node = add_node(r, words[i].kind);

            node->text = (struct str){rest.p, words[i].word.n};
            r->at += words[i].word.n;
            after_value(r, node);
            return true;
        }
    }
    return fail(r, r->at, "not a JSON value");
}

static bool read_scalar(struct reader *r, char c)
{
    bool string = c == '"';
    struct json_token t;
    struct json_node *node;

    if (!string && c != '-' && (c < '0' || c > '9'))
        return read_word(r);
    t = string ? json_token_string(r->text, r->at, r->limits->max_string, r->a)
               : json_token_number(r->text, r->at, r->limits->max_string);
    if (t.fault)
        return fail_token(r, &t);
    node = add_node(r, string ? JSON_STRING : JSON_NUMBER);
    node->text = t.text;
    r->at = t.end;
    after_value(r, node);
    return true;
}

static bool read_value(struct reader *r, char c)
{
    if (r->nodes >= r->limits->max_nodes)
        return fail_as(r, r->at, "too-costly", "more values than the limit");
    if (c == '{' || c == '[')
        return open_container(r, c == '{');
    return read_scalar(r, c);
}

static void skip_space(struct reader *r)
{
    while (r->at < r->text.n && (r->text.p[r->at] == ' ' || r->text.p[r->at] == '\t' ||
                                 r->text.p[r->at] == '\n' || r->text.p[r->at] == '\r'))
        r->at++;
}

static bool read_key(struct reader *r, char c)
{
    struct json_token t;

    if (c != '"')
        return fail(r, r->at, "no key where one must stand");
    t = json_token_string(r->text, r->at, r->limits->max_string, r->a);
    if (t.fault)
        return fail_token(r, &t);
    r->key = t.text;
    r->key_at = r->at;
    r->at = t.end;
    skip_space(r);
    if (r->at >= r->text.n || r->text.p[r->at] != ':')
        return fail(r, r->at, "no ':' after a key");
    r->at++;
    r->want = WANT_VALUE;
    return true;
}

static bool read_comma(struct reader *r, char c)
{
    bool object = r->in->kind == JSON_OBJECT;

    if (c == (object ? '}' : ']'))
        return close_container(r);
    if (c != ',')
        return fail(r, r->at, object ? "neither ',' nor '}'" : "neither ',' nor ']'");
    r->at++;
    r->want = object ? WANT_KEY : WANT_VALUE;
    return true;
}

/* One token; false on a fault. */
static bool read_next(struct reader *r)
{
    char c = r->text.p[r->at];

    switch (r->want) {
    case WANT_VALUE_OR_END:
        return c == ']' ? close_container(r) : read_value(r, c);
    case WANT_VALUE:
        return read_value(r, c);
    case WANT_KEY_OR_END:
        return c == '}' ? close_container(r) : read_key(r, c);
    case WANT_KEY:
        return read_key(r, c);
    case WANT_COMMA:
        return read_comma(r, c);
    case WANT_NOTHING:
        return fail(r, r->at, "something after the end of the value");
    }
    return false;
}

bool json_read(struct str text, const struct json_limits *limits, struct arena *a,
               struct json_node **out, struct json_fault *fault, struct err *e)
{
    struct reader r = {.text = text, .limits = limits, .a = a, .fault = fault, .e = e};

    if (str_starts(text, STR("\xEF\xBB\xBF")))
        r.at = 3;
    for (skip_space(&r); r.at < text.n; skip_space(&r)) {
        if (!read_next(&r))
            return false;
    }
    if (r.want != WANT_NOTHING)
        return fail(&r, text.n, r.root ? "the text ends too early" : "nothing there");
    *out = r.root;
    return true;
}
