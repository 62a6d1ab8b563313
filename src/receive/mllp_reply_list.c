#include "mllp_reply_list.h"

#include <stdlib.h>

void mllp_replies_add(struct mllp_replies *l, struct mllp_reply reply)
{
    if (l->n == l->size) {
        l->size = l->size ? l->size * 2 : 8;
        l->items = realloc(l->items, l->size * sizeof *l->items);
        if (!l->items)
            abort();
    }
    l->items[l->n++] = reply;
}

struct mllp_reply *mllp_replies_find(const struct mllp_replies *l, int64_t message_id)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].message_id == message_id)
            return &l->items[i];
    }
    return NULL;
}

void mllp_replies_drop_at(struct mllp_replies *l, size_t i)
{
    buf_reset(&l->items[i].framed);
    memmove(&l->items[i], &l->items[i + 1], (l->n - i - 1) * sizeof *l->items);
    l->n--;
}

void mllp_replies_drop(struct mllp_replies *l, int64_t message_id)
{
    struct mllp_reply *reply = mllp_replies_find(l, message_id);

    if (reply)
        mllp_replies_drop_at(l, (size_t)(reply - l->items));
}

void mllp_replies_end(struct mllp_replies *l)
{
    while (l->n)
        mllp_replies_drop_at(l, l->n - 1);
    free(l->items);
    free(l->written);
}

/* The oldest makes room: nothing as old is written again. */
void mllp_replies_remember(struct mllp_replies *l, size_t most, int64_t message_id)
{
    int64_t *at;

    if (!l->written)
        l->written = calloc(most, sizeof *l->written);
    if (!l->written)
        abort();
    at = &l->written[l->n_written++ % most];
    l->forgotten = *at > l->forgotten ? *at : l->forgotten;
    *at = message_id;
}

bool mllp_replies_was_written(const struct mllp_replies *l, size_t most, int64_t message_id)
{
    for (size_t i = 0; i < most && i < l->n_written; i++) {
        if (l->written[i] == message_id)
            return true;
    }
    return message_id <= l->forgotten;
}
