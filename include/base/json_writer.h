/* Writes indented JSON, one space a level, into a buffer whose limit is the writer's. */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include "base/buf.h"

struct json_writer {
    struct buf *out;
    int depth;
    bool empty; /* nothing stands in the innermost bracket yet */
};

/* Begins a member of an object, or an item of an array (key NULL): what is put next is its value. */
void json_begin(struct json_writer *w, const char *key);
void json_enter(struct json_writer *w, const char *key, char bracket); /* '{' or '[' */
void json_leave(struct json_writer *w, char bracket);                  /* '}' or ']' */

/* A member or an item each. An absent text is null; bytes that are no UTF-8 become U+FFFD. */
void json_put(struct json_writer *w, const char *key, struct str text);
void json_put_number(struct json_writer *w, const char *key, long long n);
void json_put_bool(struct json_writer *w, const char *key, bool yes);

#endif
