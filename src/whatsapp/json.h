/* Small reads from a cJSON tree: absent slices and zero instead of faults. */
#ifndef WHATSAPP_JSON_H
#define WHATSAPP_JSON_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "base/arena.h"

/* The tree, or NULL: not JSON, trailing bytes, or nested deeper than anything WhatsApp sends. */
cJSON *json_tree(struct str body);

static inline const cJSON *json_at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* The text of a string member, borrowed from the tree; absent when it is no string. */
struct str json_text(const cJSON *object, const char *name);
/* A number member that is a whole number of 32 bits. */
bool json_int32(const cJSON *object, const char *name, int32_t *out);

#endif
