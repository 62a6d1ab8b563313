#include "json.h"

#include <string.h>

enum { DEPTH_MAX = 32 };

/* cJSON recurses; a body that nests deeper is refused before it is parsed. */
static bool too_deep(struct str body)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < body.n; i++) {
        char c = body.p[i];

        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        if (depth > DEPTH_MAX)
            return true;
    }
    return false;
}

static bool only_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p == end;
}

cJSON *json_tree(struct str body)
{
    const char *end = NULL;
    cJSON *tree;

    if (body.n == 0 || too_deep(body))
        return NULL;
    tree = cJSON_ParseWithLengthOpts(body.p, body.n, &end, false);
    if (tree && !only_space(end, body.p + body.n)) {
        cJSON_Delete(tree);
        return NULL;
    }
    return tree;
}

struct str json_text(const cJSON *object, const char *name)
{
    const cJSON *item = json_at(object, name);

    return cJSON_IsString(item) ? str_of(item->valuestring) : (struct str){NULL, 0};
}

bool json_int32(const cJSON *object, const char *name, int32_t *out)
{
    const cJSON *item = json_at(object, name);

    if (!cJSON_IsNumber(item) || item->valuedouble < INT32_MIN || item->valuedouble > INT32_MAX ||
        item->valuedouble != (double)(int32_t)item->valuedouble)
        return false;
    *out = (int32_t)item->valuedouble;
    return true;
}
