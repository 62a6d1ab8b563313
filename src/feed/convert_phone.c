#include "convert_step.h"
#include "feed/moment.h"
#include "phone/phone.h"
#include "unicode.h"

/* Components of XTN (HL7 v2.9 ch. 2A.3.97). */
enum {
    XTN_TEXT = 1,
    XTN_USE = 2,
    XTN_EQUIPMENT = 3,
    XTN_COUNTRY = 5,
    XTN_AREA = 6,
    XTN_LOCAL = 7,
    XTN_UNFORMATTED = 12,
    XTN_START = 13,
    XTN_END = 14,
    XTN_PROTECTION = 16,
};

enum { FORM_MOST = 64 }; /* bytes; no number is longer, whatever it is dressed in */

static struct str component(const struct candidate *in, size_t n)
{
    return n <= in->n_xtn ? str_trim(in->xtn[n - 1]) : (struct str){NULL, 0};
}

static bool is_set(struct str s)
{
    return s.n > 0 && !str_eq(s, STR("\"\""));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* `word` is lower case. */
static bool is_word(struct str s, const char *word)
{
    if (s.n != strlen(word))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (lower(s.p[i]) != word[i])
            return false;
    return true;
}

/* HL7 tables 0201 (use) and 0202 (equipment): what cannot or must not get a patient's message. */
static bool wrong_kind(const struct candidate *in)
{
    static const char *const machines[] = {"fx", "bp", "md", "tdd", "tty", "internet", "x.400"};
    struct str equipment = component(in, XTN_EQUIPMENT), use = component(in, XTN_USE);

    for (size_t i = 0; i < sizeof machines / sizeof machines[0]; i++)
        if (is_word(equipment, machines[i]))
            return true;
    if (is_word(use, "net") || is_word(use, "bpn"))
        return true;
    return !in->asks_use && (is_word(use, "wpn") || is_word(use, "emr"));
}

/* XTN.13 is the first moment of validity, XTN.14 the last, each to its own precision. A date that
 * cannot be read proves nothing, so the number counts as expired. */
static bool expired(const struct candidate *in, const struct convert_context *ctx)
{
    struct str start = component(in, XTN_START), end = component(in, XTN_END);
    int64_t now_s = ctx->message_ms / 1000;
    struct moment m;

    if (is_set(start) && (!moment_read(start, &m) || moment_compare(now_s, &m, ctx->zone) < 0))
        return true;
    return is_set(end) && (!moment_read(end, &m) || moment_compare(now_s, &m, ctx->zone) > 0);
}

static const char *not_to_be_used(const struct candidate *in, const struct convert_context *ctx)
{
    if (wrong_kind(in))
        return "phone.kind";
    if (expired(in, ctx))
        return "phone.expired";
    return is_set(component(in, XTN_PROTECTION)) ? "phone.protected" : NULL;
}

static bool strippable(char c)
{
    return c == ' ' || c == '(' || c == ')' || c == '-' || c == '.' || c == '/';
}

/* What is left after NFKC of the digits and one leading "+"; else the reason. */
static const char *clean(struct str text, struct arena *a, struct str *out)
{
    struct str norm = unicode_nfkc(text, a);
    char *kept = arena_get(a, norm.n + 1, 1);
    size_t n = 0, digits = 0, others = 0;

    for (size_t i = 0; i < norm.n; i++) {
        char c = norm.p[i];

        if (strippable(c))
            continue;
        digits += c >= '0' && c <= '9';
        others += !(c >= '0' && c <= '9') && !(c == '+' && n == 0);
        kept[n++] = c;
    }
    *out = (struct str){kept, n};
    if (digits == 0)
        return "phone.no_digits";
    return others || n > FORM_MOST ? "phone.characters" : NULL;
}

/* One after the other; not printf, which would end at a NUL. */
static struct str join(const struct str *parts, size_t n, struct arena *a)
{
    size_t total = 0, at = 0;
    char *all;

    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    all = arena_get(a, total + 1, 1);
    for (size_t i = 0; i < n; i++)
        if (parts[i].n) {
            memcpy(all + at, parts[i].p, parts[i].n);
            at += parts[i].n;
        }
    return (struct str){all, total};
}

/* One form of the number; NULL when it is valid and out->text is set. */
static const char *try_form(struct str text, const struct convert_context *ctx,
                            struct converted *out)
{
    char e164[PHONE_TEXT];
    struct str form;
    const char *reason = clean(text, ctx->arena, &form);

    if (reason)
        return reason;
    if (phone_e164(form, ctx->country, e164) != PHONE_OK) {
        if (form.p[0] == '+' || ctx->area.n == 0)
            return "phone.not_valid";
        form = join((struct str[]){ctx->area, form}, 2, ctx->arena);
        if (phone_e164(form, ctx->country, e164) != PHONE_OK)
            return "phone.not_valid";
    }
    out->text = arena_copy(ctx->arena, str_of(e164));
    return NULL;
}

/* XTN.5, 6 and 7 as one number; absent without the local number. */
static struct str in_parts(const struct candidate *in, struct arena *a)
{
    struct str country = component(in, XTN_COUNTRY), area = component(in, XTN_AREA);
    struct str local = component(in, XTN_LOCAL);

    if (!is_set(local))
        return (struct str){NULL, 0};
    if (!is_set(area))
        area = STR("");
    if (!is_set(country))
        return join((struct str[]){area, local}, 2, a);
    return join((struct str[]){country.p[0] == '+' ? STR("") : STR("+"), country, area, local}, 4,
                a);
}

void convert_phone(const struct candidate *in, const struct convert_context *ctx,
                   struct converted *out)
{
    if (!in->xtn) {
        out->reason = try_form(in->text, ctx, out);
        return;
    }

    const struct str forms[] = {component(in, XTN_UNFORMATTED), in_parts(in, ctx->arena),
                                component(in, XTN_TEXT)};
    const char *first = NULL;

    out->reason = not_to_be_used(in, ctx);
    if (out->reason)
        return;
    for (size_t i = 0; i < 3; i++) {
        const char *reason = is_set(forms[i]) ? try_form(forms[i], ctx, out) : NULL;

        if (is_set(forms[i]) && !reason)
            return;
        first = first ? first : reason;
    }
    out->reason = first ? first : "phone.no_digits";
}
