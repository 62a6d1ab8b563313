#include "whatsapp/answer.h"

#include "json.h"

enum { WAMID_MAX = 512 };

static void read_error(int status, const cJSON *error, struct answer *out)
{
    if (!json_int32(error, "code", &out->code))
        return;
    out->error = graph_error_find(out->code);
    if (status >= 400 && status < 500 && !out->error->doubtful)
        out->kind = ANSWER_REJECTED;
}

static void read_success(int status, const cJSON *tree, struct arena *a, struct answer *out)
{
    const cJSON *messages = json_at(tree, "messages");
    struct str id = json_text(cJSON_IsArray(messages) ? messages->child : NULL, "id");

    if (status < 200 || status > 299 || id.n == 0 || id.n > WAMID_MAX)
        return;
    out->kind = ANSWER_ACCEPTED;
    out->wamid = arena_copy(a, id);
}

void whatsapp_answer(int status, struct str body, struct arena *a, struct answer *out)
{
    cJSON *tree = json_tree(body);
    const cJSON *error = tree ? json_at(tree, "error") : NULL;

    *out = (struct answer){.kind = ANSWER_UNKNOWN};
    if (error)
        read_error(status, error, out);
    else if (tree)
        read_success(status, tree, a, out);
    cJSON_Delete(tree);
}
