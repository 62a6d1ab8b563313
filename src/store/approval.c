#include "store/approval.h"

struct approved approved_of(const struct notice *n)
{
    return (struct approved){
        .feed = n->feed,
        .event_type = n->event_type,
        .unit_key = n->unit_key,
        .template = n->template,
        .language = n->language,
        .to = n->to,
        .link = n->token.p != NULL,
        .named = n->named,
        .replies = n->replies,
        .params = n->params,
        .n_params = n->n_params,
    };
}

void approval_make(const struct seal *s, const struct approved *what, struct arena *a,
                   uint8_t out[INDEX_BYTES])
{
    enum { HEAD = 7 };
    const bool named = what->named && what->n_params;
    const char form[] = {what->link ? 'l' : '-', named ? 'n' : '-', (char)what->replies};
    struct str *parts = NEW_ARRAY(a, struct str, HEAD + 2 * what->n_params);
    size_t n = HEAD;

    parts[0] = what->feed;
    parts[1] = what->event_type;
    parts[2] = what->unit_key;
    parts[3] = what->template;
    parts[4] = what->language;
    parts[5] = what->to;
    parts[6] = (struct str){form, sizeof form};
    for (size_t i = 0; i < what->n_params; i++) {
        parts[n++] = named ? what->params[i].name : STR("");
        parts[n++] = what->params[i].text;
    }
    seal_index(s, "approved", parts, n, out);
}

bool approval_holds(const struct seal *s, const struct approved *what, struct arena *a,
                    const uint8_t approval[INDEX_BYTES])
{
    uint8_t own[INDEX_BYTES];

    approval_make(s, what, a, own);
    return seal_equal(own, approval, sizeof own);
}

void approval_readdress(const struct seal *s, const struct event *record, struct str to,
                        struct arena *a, struct notice *n)
{
    const struct slot *own = event_slot(record, STR("phone"));
    struct approved what = approved_of(n);
    const bool was = approval_holds(s, &what, a, n->approval);

    n->to = what.to = to;
    if (was && (!to.p || (own && own->class <= CLASS_CONTACT && str_eq(own->value, to))))
        approval_make(s, &what, a, n->approval);
    else
        memset(n->approval, 0, sizeof n->approval);
}
