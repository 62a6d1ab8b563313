/* FHIR JSON: only the texts of leaves are written anew, so layout and order stay. */
#include "samples/scrub.h"

#include "base/buf.h"
#include "base/encode.h"
#include "feed/dictionary.h"
#include "fhir/element.h"
#include "fhir/resource.h"
#include "json_place.h"
#include "looks_real.h"
#include "own.h"
#include "samples/place.h"

enum { OUT_MOST = 80 << 20 };

struct body {
    const struct fake *fake;
    struct arena *arena;
    struct buf out;
    struct own own;
};

static bool is_one(struct str s, const char *words)
{
    struct str rest = str_of(words);

    while (s.n && rest.p)
        if (str_eq(str_cut(&rest, ' '), s))
            return true;
    return false;
}

static struct str join(struct body *b, struct str head, struct str tail)
{
    return arena_printf(b->arena, STR_FMT STR_FMT, STR_ARG(head), STR_ARG(tail));
}

static struct str id(struct body *b, struct str text)
{
    return fake_text(b->fake, FAKE_ID, text, 0, b->arena);
}

static struct str behind(struct str whole, size_t n)
{
    return (struct str){whole.p + n, whole.n - n};
}

/* Ids of places and organisations are public facts: feeds tell sites by them. */
static bool is_directory(struct str type)
{
    return str_eq(type, STR("Location")) || str_eq(type, STR("Organization"));
}

/* ".../Type/id[/_history/v]": the id. */
static struct str of_path(struct body *b, struct str text)
{
    struct str type = STR("");

    for (size_t at = 0; at <= text.n;) {
        size_t end = at;
        struct str part;

        while (end < text.n && text.p[end] != '/')
            end++;
        part = (struct str){text.p + at, end - at};
        if (type.n) {
            struct str head = {text.p, at};

            if (is_directory(type))
                return text;
            return join(b, join(b, head, id(b, part)), behind(text, end));
        }
        type = resource_type_known(part) ? part : STR("");
        at = end + 1;
    }
    return id(b, text);
}

static struct str reference(struct body *b, struct str text)
{
    const char *query = text.n ? memchr(text.p, '?', text.n) : NULL;

    if (str_starts(text, STR("#")))
        return join(b, STR("#"), id(b, behind(text, 1)));
    if (str_starts(text, STR("urn:uuid:")))
        return join(b, (struct str){text.p, 9}, id(b, behind(text, 9)));
    if (str_starts(text, STR("urn:oid:")))
        return join(b, (struct str){text.p, 8}, id(b, behind(text, 8)));
    if (query) {
        size_t n = (size_t)(query - text.p) + 1;

        return join(b, (struct str){text.p, n}, id(b, behind(text, n)));
    }
    if (resource_type_known(text)) /* "Patient": where a POST goes */
        return text;
    return of_path(b, text);
}

static struct str moved(struct body *b, const struct json_place *p, struct str text)
{
    struct str out;

    if (str_eq(p->name, STR("birthDate")) ? fake_birth(b->fake, text, b->arena, &out)
                                          : fake_time(b->fake, text, b->arena, &out))
        return out;
    return fake_birth(b->fake, text, b->arena, &out) ? out : id(b, text);
}

/* What stands between the tags of a narrative. */
static struct str narrative(struct body *b, struct str text)
{
    struct buf out = buf_new(OUT_MOST);
    struct str whole;

    while (text.n) {
        bool tag = text.p[0] == '<', reference_of = text.p[0] == '&';
        char ends = tag ? '>' : ';';
        size_t n = 0;

        if (tag || reference_of) {
            const char *end = memchr(text.p, ends, text.n);

            n = end ? (size_t)(end - text.p) + 1 : text.n;
            if (reference_of && n > 10)
                n = 1;
            (void)buf_add(&out, (struct str){text.p, n});
        } else {
            while (n < text.n && text.p[n] != '<' && text.p[n] != '&')
                n++;
            (void)buf_add(&out,
                          fake_text(b->fake, FAKE_TEXT, (struct str){text.p, n}, 0, b->arena));
        }
        text = behind(text, n);
    }
    whole = arena_copy(b->arena, buf_str(&out));
    buf_reset(&out);
    return whole;
}

static struct str attachment(struct body *b, struct str text)
{
    char *to = arena_get(b->arena, text.n, 1);

    for (size_t i = 0; i < text.n; i++)
        to[i] = text.p[i] == '=' ? '=' : 'A';
    return (struct str){to, text.n};
}

static bool has_digit(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            return true;
    return false;
}

static struct str unknown(struct body *b, struct str text)
{
    struct str out;

    if (!text.n)
        return text;
    if (fake_time(b->fake, text, b->arena, &out))
        return out;
    if ((text.p[0] == '+' || text.p[0] == '0') && fake_phone(b->fake, text, b->arena, &out))
        return out;
    if (memchr(text.p, '@', text.n) && !memchr(text.p, ' ', text.n))
        return fake_mail(b->fake, text, b->arena);
    return fake_text(b->fake, has_digit(text) && !memchr(text.p, ' ', text.n) ? FAKE_ID : FAKE_TEXT,
                     text, 0, b->arena);
}

static struct str contact(struct body *b, const struct json_node *leaf, struct str text)
{
    struct str system = json_member_text(leaf->parent, "system"), out;

    if (str_eq(system, STR("email")) || (text.n && memchr(text.p, '@', text.n)))
        return fake_mail(b->fake, text, b->arena);
    if (str_eq(system, STR("url")))
        return id(b, text);
    return fake_phone(b->fake, text, b->arena, &out) ? out
                                                     : fake_no_phone(b->fake, text, 0, b->arena);
}

static bool is_code(const struct json_place *p)
{
    if (p->type.p)
        return is_one(p->type, "code") ||
               (str_eq(p->owner, STR("Coding")) && str_eq(p->name, STR("version"))) ||
               (str_eq(p->owner, STR("Quantity")) && str_eq(p->name, STR("unit"))) ||
               (str_eq(p->owner, STR("Address")) && str_eq(p->name, STR("country")));
    return is_one(p->name, "code status use gender mode intent unit contentType language kind");
}

static bool is_address_of_definition(const struct json_place *p, struct str text)
{
    bool typed = p->type.p ? is_one(p->type, "uri canonical url oid")
                           : is_one(p->name, "system url profile versionId");

    return typed && !str_eq(p->owner, STR("Attachment")) &&
           !is_one(p->name, "valueUri valueUrl valueCanonical valueOid source") &&
           (str_starts(text, STR("http")) || str_starts(text, STR("urn:")) ||
            place_code_like(text)) &&
           !(text.n && memchr(text.p, '?', text.n));
}

static bool is_reference(const struct json_place *p)
{
    return is_one(p->name, "reference fullUrl") ||
           is_one(p->path, "Bundle.entry.request.url Bundle.entry.response.location "
                           "Bundle.link.url Bundle.entry.link.url");
}

static struct str of_text(struct body *b, const struct json_node *leaf, const struct json_place *p,
                          struct str text)
{
    if (str_eq(p->owner, STR("ContactPoint")) && str_eq(p->name, STR("value")))
        return contact(b, leaf, text);
    if (str_eq(p->owner, STR("Identifier")) && str_eq(p->name, STR("value")))
        return id(b, text);
    if (is_one(p->type, "xhtml"))
        return narrative(b, text);
    if (is_one(p->type, "base64Binary"))
        return attachment(b, text);
    if (is_one(p->type, "date dateTime instant"))
        return moved(b, p, text);
    if (is_one(p->owner, "HumanName Address"))
        return fake_text(b->fake, FAKE_NAME, text, 0, b->arena);
    if (is_one(p->type, "id uuid"))
        return id(b, text);
    return unknown(b, text);
}

static struct str replaced(struct body *b, const struct json_node *leaf, const struct json_place *p)
{
    struct str text = leaf->text, out;
    bool open = dictionary_fhir(p->path, NULL) <= CLASS_LOGISTICS;

    if (!text.n || is_one(p->name, "resourceType"))
        return text;
    if (is_one(p->name, "id"))
        return p->top && is_directory(p->resource) ? text : id(b, text);
    if (is_reference(p))
        return reference(b, text);
    if (open)
        return fake_time(b->fake, text, b->arena, &out) ? out : text;
    if ((is_code(p) && place_code_like(text) && !looks_real(text)) ||
        is_address_of_definition(p, text))
        return text;
    return of_text(b, leaf, p, text);
}

/* Digits for digits; a leading zero and the exponent stay. */
static struct str number(struct body *b, const struct json_node *leaf, const struct json_place *p)
{
    struct str text = leaf->text, drawn = id(b, text);
    char *to = arena_get(b->arena, text.n + 1, 1);
    bool exponent = false, digits = false;

    if (dictionary_fhir(p->path, NULL) <= CLASS_LOGISTICS ||
        is_one(p->type, "positiveInt unsignedInt"))
        return text;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bool digit = c >= '0' && c <= '9';

        exponent |= c == 'e' || c == 'E';
        to[i] = c;
        if (digit && !exponent && (digits || c != '0'))
            to[i] = !digits && drawn.p[i] == '0' ? '1' : drawn.p[i];
        digits |= digit;
    }
    return (struct str){to, text.n};
}

/* What is kept by its place is not, where the sender put the patient into it. */
static struct str nobody(struct body *b, const struct json_node *leaf, struct str text)
{
    return text.p == leaf->text.p && !str_eq(leaf->name, STR("resourceType")) &&
                   own_in(&b->own, text)
               ? id(b, text)
               : text;
}

/* A name that no element has was made up by the sender: it can be anything. */
static bool is_made_up(struct str name)
{
    if (name.n && name.p[0] == '_')
        name = behind(name, 1);
    return name.p && !str_eq(name, STR("resourceType")) && !element_known(name);
}

/* Writes another name, and returns where the old one ends: behind its closing quote. */
static size_t rename_member(struct body *b, const struct json_node *n, struct str text)
{
    size_t at = n->key_at + 1;

    while (text.p[at] != '"')
        at += text.p[at] == '\\' ? 2 : 1;
    (void)buf_printf(&b->out, "\"unknown%zu\"", n->index);
    return at + 1;
}

static void one_leaf(struct body *b, const struct json_node *leaf)
{
    struct json_place p = json_place_of(leaf, b->arena);

    if (leaf->kind == JSON_NUMBER)
        (void)buf_add(&b->out, number(b, leaf, &p));
    else
        (void)json_add_string(&b->out, nobody(b, leaf, replaced(b, leaf, &p)));
}

bool scrub_fhir(const struct fake *f, struct str text, struct arena *a, struct str *out,
                struct err *e)
{
    struct body b = {.fake = f, .arena = a, .out = buf_new(OUT_MOST)};
    struct json_limits limits = json_limits_default();
    struct json_node *root;
    size_t done = 0;
    bool ok;

    if (!json_read(text, &limits, a, &root, NULL, e))
        return false;
    if (!json_member_text(root, "resourceType").n)
        return err_set(e, ERR_INPUT, 0, "JSON without a resourceType");
    own_of_fhir(&b.own, root, a);
    for (const struct json_node *n = root; n; n = json_next(n)) {
        if (is_made_up(n->name)) {
            (void)buf_add(&b.out, (struct str){text.p + done, n->key_at - done});
            done = rename_member(&b, n, text);
        }
        if (n->kind != JSON_STRING && n->kind != JSON_NUMBER)
            continue;
        (void)buf_add(&b.out, (struct str){text.p + done, n->at - done});
        one_leaf(&b, n);
        done = n->end;
    }
    (void)buf_add(&b.out, behind(text, done));
    ok = !b.out.over;
    if (ok)
        *out = arena_copy(a, buf_str(&b.out));
    else
        (void)err_set(e, ERR_INPUT, 0, "too large");
    buf_reset(&b.out);
    return ok;
}
