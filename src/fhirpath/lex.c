#include "lex.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

bool lex_fault(struct fhirpath_fault *fault, const char *code, size_t at, const char *fmt, ...)
{
    va_list ap;

    fault->code = code;
    fault->at = at;
    va_start(ap, fmt);
    (void)vsnprintf(fault->text, sizeof fault->text, fmt, ap);
    va_end(ap);
    return false;
}

static bool is_name_start(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char peek(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->in.n ? l->in.p[l->at + ahead] : '\0';
}

/* White space, line and block comments. */
static bool skip_hidden(struct lexer *l)
{
    while (l->at < l->in.n) {
        const char *end = NULL;

        if (strchr(" \t\r\n", l->in.p[l->at]) && l->in.p[l->at]) {
            l->at++;
        } else if (peek(l, 0) == '/' && peek(l, 1) == '/') {
            while (l->at < l->in.n && l->in.p[l->at] != '\n')
                l->at++;
        } else if (peek(l, 0) == '/' && peek(l, 1) == '*') {
            end = memmem(l->in.p + l->at + 2, l->in.n - l->at - 2, "*/", 2);
            if (!end)
                return lex_fault(l->fault, "E210", l->at, "a comment without an end");
            l->at = (size_t)(end - l->in.p) + 2;
        } else {
            return true;
        }
    }
    return true;
}

static bool unicode(struct lexer *l, char **to)
{
    uint32_t cp = 0;

    for (size_t i = 0; i < 4; i++) {
        char c = peek(l, i);
        uint32_t low = (uint32_t)(c | 32);

        if (is_digit(c))
            cp = cp * 16 + (uint32_t)(c - '0');
        else if (low >= 'a' && low <= 'f')
            cp = cp * 16 + (low - 'a' + 10);
        else
            return lex_fault(l->fault, "E210", l->at, "\\u without four hex digits");
    }
    if (cp == 0 || (cp >= 0xD800 && cp <= 0xDFFF))
        return lex_fault(l->fault, "E210", l->at, "\\u names no character");
    l->at += 4;
    *to += utf8_put(cp, *to);
    return true;
}

/* Between two `quote`s, escapes decoded; an unknown escape stands for the character itself. */
static bool quoted(struct lexer *l, char quote, struct str *out)
{
    static const char from[] = "fnrt", into[] = "\f\n\r\t";
    size_t start = l->at++;
    char *text = arena_get(l->a, l->in.n + 1, 1), *to = text;

    while (l->at < l->in.n && l->in.p[l->at] != quote) {
        char c = l->in.p[l->at++];
        const char *found;

        if (c != '\\' || l->at == l->in.n) {
            *to++ = c;
            continue;
        }
        c = l->in.p[l->at++];
        found = c ? strchr(from, c) : NULL;
        if (c == 'u') {
            if (!unicode(l, &to))
                return false;
        } else {
            *to++ = found ? into[found - from] : c;
        }
    }
    if (l->at == l->in.n)
        return lex_fault(l->fault, "E210", start, "no closing %c", quote);
    l->at++;
    *out = (struct str){text, (size_t)(to - text)};
    return true;
}

static bool number(struct lexer *l, struct token *t)
{
    size_t start = l->at;

    while (is_digit(peek(l, 0)))
        l->at++;
    if (peek(l, 0) == '.' && is_digit(peek(l, 1)))
        return lex_fault(l->fault, "E212", start, "decimal numbers are outside the subset");
    t->kind = TOKEN_INTEGER;
    t->text = (struct str){l->in.p + start, l->at - start};
    if (t->text.n > 9)
        return lex_fault(l->fault, "E212", start, "an integer of more than nine digits");
    return true;
}

static bool mark(struct lexer *l, struct token *t)
{
    static const char other[] = "+-*/&<>~@%{}$";
    char c = peek(l, 0);
    size_t n = c == '!' && peek(l, 1) == '=' ? 2 : 1;

    t->kind = TOKEN_MARK;
    t->text = (struct str){l->in.p + l->at, n};
    if (n == 2 || (c && strchr(".[](),|=", c))) {
        l->at += n;
        return true;
    }
    if ((c && strchr(other, c)) || (c == '!' && peek(l, 1) == '~'))
        return lex_fault(l->fault, "E212", l->at, "`%c` is outside the subset", c);
    return lex_fault(l->fault, "E210", l->at, "unexpected character");
}

bool lex_next(struct lexer *l, struct token *out)
{
    *out = (struct token){0};
    if (!skip_hidden(l))
        return false;
    out->at = l->at;
    if (l->at == l->in.n)
        return true;
    if (is_name_start(peek(l, 0)) ||
        str_starts((struct str){l->in.p + l->at, l->in.n - l->at}, STR("$this"))) {
        out->kind = TOKEN_NAME;
        out->text.p = l->in.p + l->at++;
        while (is_name_start(peek(l, 0)) || is_digit(peek(l, 0)))
            l->at++;
        out->text.n = (size_t)(l->in.p + l->at - out->text.p);
        return true;
    }
    if (is_digit(peek(l, 0)))
        return number(l, out);
    if (peek(l, 0) == '\'') {
        out->kind = TOKEN_STRING;
        return quoted(l, '\'', &out->text);
    }
    if (peek(l, 0) == '`') {
        out->kind = TOKEN_NAME;
        out->quoted = true;
        return quoted(l, '`', &out->text);
    }
    return mark(l, out);
}
