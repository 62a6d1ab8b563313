#include "model/ledger.h"

static const char *const names[] = {
    [STANDING_PENDING] = "pending",   [STANDING_HELD] = "held",
    [STANDING_REJECTED] = "rejected", [STANDING_NOTIFIED] = "notified",
    [STANDING_RECORDED] = "recorded", [STANDING_DROPPED] = "dropped",
};

const char *standing_name(enum standing s)
{
    return names[s];
}

bool ledger_balances(const struct ledger *l)
{
    return l->acked == l->notified + l->recorded + l->dropped + l->held + l->rejected +
                           l->duplicate + l->pending;
}
