#include "mllp_sequence.h"

enum { DIGITS_MOST = 15 }; /* of NM: fits an int64_t with room */

bool mllp_sequence_read(struct str msh13, int64_t *n)
{
    struct str fraction = str_trim(msh13), whole = str_cut(&fraction, '.');
    bool minus = whole.n && whole.p[0] == '-';

    *n = 0;
    if (whole.n && (minus || whole.p[0] == '+'))
        whole = (struct str){whole.p + 1, whole.n - 1};
    if (whole.n == 0 || whole.n > DIGITS_MOST)
        return false;
    for (size_t i = 0; i < whole.n; i++) {
        if (whole.p[i] < '0' || whole.p[i] > '9')
            return false;
        *n = *n * 10 + (whole.p[i] - '0');
    }
    for (size_t i = 0; i < fraction.n; i++) {
        if (fraction.p[i] != '0')
            return false;
    }
    *n = minus ? -*n : *n;
    return true;
}

/* The number we wait for; -1: any, the sender chooses where to begin. */
static int64_t expected(const struct sequence *s)
{
    return s->known ? s->last + 1 : -1;
}

struct mllp_step_taken mllp_sequence_step(const struct sequence *now, bool numeric, int64_t n)
{
    struct mllp_step_taken step = {MLLP_TURN_WRONG, expected(now), *now};

    if (numeric && n == 0) {
        step.turn = MLLP_TURN_LINK;
        step.after.frozen = false;
    } else if (numeric && n == -1) {
        step.turn = MLLP_TURN_LINK;
        step.answer = -1;
        step.after = (struct sequence){0};
    } else if (numeric && n > 0 && now->known && n == now->last) {
        step.turn = MLLP_TURN_AGAIN;
    } else if (numeric && n > 0 && !now->frozen && (!now->known || n == now->last + 1)) {
        step.turn = MLLP_TURN_NEXT;
        step.answer = n;
        step.after = (struct sequence){.known = true, .last = n};
    } else {
        step.after.frozen = true;
    }
    return step;
}
