/* Answers of the Graph API, the first two bytes being the status; and the same bytes as a body of ours:
 * what the checker takes, it takes as the sandbox's JSON reader would. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "whatsapp/answer.h"
#include "whatsapp/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct answer out;
    int status = data[0] * 3 + data[1] % 3;

    whatsapp_answer(status, (struct str){(const char *)data + 2, size - 2}, &a, &out);
    if (out.kind == ANSWER_ACCEPTED && (status < 200 || status > 299 || !out.wamid.n || out.error))
        abort();
    if (out.kind == ANSWER_REJECTED && (status < 400 || status > 499 || !out.error))
        abort();
    arena_reset(&a);
}

static void body(struct str json)
{
    struct whatsapp_body b;
    struct err e;
    cJSON *tree;

    if (!whatsapp_body_check(json, &b, &e))
        return;
    tree = cJSON_ParseWithLength(json.p, json.n);
    if (!tree || b.to.p[0] != '+' || b.n_params > WHATSAPP_PARAMS_MAX)
        abort();
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    answer(data, size);
    body((struct str){(const char *)data, size});
    return 0;
}
