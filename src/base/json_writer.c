#include "base/json_writer.h"

#include "base/encode.h"

void json_begin(struct json_writer *w, const char *key)
{
    if (w->depth)
        buf_printf(w->out, "%s\n%*s", w->empty ? "" : ",", w->depth, "");
    w->empty = false;
    if (key) {
        json_add_string(w->out, str_of(key));
        buf_add(w->out, STR(": "));
    }
}

void json_enter(struct json_writer *w, const char *key, char bracket)
{
    json_begin(w, key);
    buf_add_char(w->out, bracket);
    w->depth++;
    w->empty = true;
}

void json_leave(struct json_writer *w, char bracket)
{
    w->depth--;
    if (!w->empty)
        buf_printf(w->out, "\n%*s", w->depth, "");
    buf_add_char(w->out, bracket);
    w->empty = false;
}

void json_put(struct json_writer *w, const char *key, struct str text)
{
    json_begin(w, key);
    if (text.p)
        json_add_string(w->out, text);
    else
        buf_add(w->out, STR("null"));
}

void json_put_number(struct json_writer *w, const char *key, long long n)
{
    json_begin(w, key);
    buf_printf(w->out, "%lld", n);
}

void json_put_bool(struct json_writer *w, const char *key, bool yes)
{
    json_begin(w, key);
    buf_add(w->out, yes ? STR("true") : STR("false"));
}
