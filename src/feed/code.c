#include "code_table.h"

#include <string.h>

const struct code *code_at(size_t i)
{
    const struct code *const parts[] = {codes_of_text, codes_of_names, codes_of_flow};

    for (size_t part = 0; part < 3; part++)
        for (const struct code *c = parts[part]; c->code; c++)
            if (i-- == 0)
                return c;
    return NULL;
}

size_t code_count(void)
{
    size_t n = 0;

    while (code_at(n))
        n++;
    return n;
}

const struct code *code_find(const char *code)
{
    const struct code *c;

    for (size_t i = 0; (c = code_at(i)); i++)
        if (strcmp(c->code, code) == 0)
            return c;
    return NULL;
}

enum finding_severity code_severity(const char *code)
{
    return code[0] == 'W' ? FINDING_WARNING : FINDING_ERROR;
}
