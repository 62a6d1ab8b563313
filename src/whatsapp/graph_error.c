#include "whatsapp/graph_error.h"

#include <stddef.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* WhatsApp page §4. doubtful: reliability page §4 ("131000 and every 5xx are unknown"; the status is
 * judged in answer.c). Codes of the registration and template-editing calls cannot answer a send; they
 * are here so that one that does is told from an unknown one. */
static const struct graph_error rows[] = {
    {0, 0, GRAPH_ST, 0, MINUTE, false, "token invalid"},
    {1, 1, GRAPH_RB, 2, 0, false, "unknown or invalid request"},
    {2, 2, GRAPH_RB, 0, 2, false, "service down"},
    {3, 3, GRAPH_ST, 0, MINUTE, false, "capability missing"},
    {4, 4, GRAPH_RB, 0, MINUTE, false, "app rate limit"},
    {10, 10, GRAPH_ST, 0, MINUTE, false, "permission missing"},
    {33, 33, GRAPH_PN, 0, 10 * MINUTE, false, "phone number deleted"},
    {100, 100, GRAPH_DL, 0, 0, false, "bad parameter"},
    {190, 190, GRAPH_ST, 0, MINUTE, false, "token expired or revoked"},
    {200, 299, GRAPH_ST, 0, MINUTE, false, "permission missing"},
    {368, 368, GRAPH_ST, 0, MINUTE, false, "policy restriction"},
    {80007, 80007, GRAPH_RB, 0, MINUTE, false, "account rate limit"},
    {130403, 130403, GRAPH_RX, 0, 0, false, "we blocked this user"},
    {130429, 130429, GRAPH_RB, 0, 1, false, "throughput of the number reached"},
    {130472, 130472, GRAPH_RL, 0, 0, false, "marketing experiment"},
    {130497, 130497, GRAPH_RX, 0, 0, false, "country not allowed"},
    {131000, 131000, GRAPH_RB, 3, 0, true, "unknown send failure"},
    {131005, 131005, GRAPH_ST, 0, MINUTE, false, "permission missing"},
    {131008, 131009, GRAPH_DL, 0, 0, false, "missing or bad parameter"},
    {131016, 131016, GRAPH_RB, 0, 2, false, "service overloaded"},
    {131021, 131021, GRAPH_DL, 0, 0, false, "recipient is the sender"},
    {131026, 131026, GRAPH_RX, 0, 0, false, "undeliverable"},
    {131030, 131030, GRAPH_DL, 0, 0, false, "not on the development list"},
    {131031, 131031, GRAPH_ST, 0, MINUTE, false, "account locked"},
    {131037, 131037, GRAPH_PN, 0, 10 * MINUTE, false, "display name not approved"},
    {131042, 131042, GRAPH_ST, 0, MINUTE, false, "payment problem"},
    {131045, 131045, GRAPH_PN, 0, 10 * MINUTE, false, "number not registered"},
    {131047, 131047, GRAPH_DL, 0, 0, false, "outside the 24 hour window"},
    {131048, 131048, GRAPH_PN, 0, DAY, false, "spam limit of the number"},
    {131049, 131049, GRAPH_RL, 0, 0, false, "withheld for ecosystem health"},
    {131050, 131050, GRAPH_RX, 0, 0, false, "user stopped marketing"},
    {131051, 131051, GRAPH_DL, 0, 0, false, "unsupported type"},
    {131052, 131053, GRAPH_DL, 0, 0, false, "media failure"},
    {131056, 131056, GRAPH_RP, 0, 0, false, "pair limit"},
    {131057, 131057, GRAPH_RB, 0, MINUTE, false, "maintenance"},
    {131062, 131062, GRAPH_DL, 0, 0, false, "needs a phone number"},
    {131063, 131063, GRAPH_PT, 0, 0, false, "marketing disabled on Cloud API"},
    {131064, 131064, GRAPH_PN, 0, HOUR, false, "template misclassification limit"},
    {132000, 132000, GRAPH_DL, 0, 0, false, "parameter count"},
    {132001, 132001, GRAPH_PT, 0, 0, false, "template absent in this language"},
    {132005, 132005, GRAPH_DL, 0, 0, false, "text too long after filling"},
    {132007, 132007, GRAPH_PT, 0, 0, false, "content policy"},
    {132012, 132012, GRAPH_DL, 0, 0, false, "parameter format"},
    {132015, 132015, GRAPH_PT, 0, 0, false, "template paused"},
    {132016, 132016, GRAPH_PT, 0, 0, false, "template disabled"},
    {132018, 132018, GRAPH_DL, 0, 0, false, "parameter validation"},
    {132068, 132069, GRAPH_DL, 0, 0, false, "flow blocked or throttled"},
    {133000, 133000, GRAPH_PN, 0, 10 * MINUTE, false, "registration"},
    {133004, 133004, GRAPH_RB, 0, 2, false, "service down"},
    {133005, 133006, GRAPH_PN, 0, 10 * MINUTE, false, "registration"},
    {133008, 133010, GRAPH_PN, 0, 10 * MINUTE, false, "registration"},
    {133015, 133015, GRAPH_PN, 0, 10 * MINUTE, false, "registration"},
    {133016, 133016, GRAPH_PN, 0, HOUR, false, "too many registrations"},
    {134011, 134011, GRAPH_ST, 0, MINUTE, false, "payments terms"},
    {135000, 135000, GRAPH_DL, 0, 0, false, "bad parameter"},
    {137000, 137000, GRAPH_RX, 0, 0, false, "recipient identity changed"},
    {2388019, 2388019, GRAPH_PT, 0, 0, false, "template limit"},
    {2388039, 2388040, GRAPH_PT, 0, 0, false, "template edit"},
    {2388047, 2388047, GRAPH_PT, 0, 0, false, "template edit"},
    {2388072, 2388073, GRAPH_PT, 0, 0, false, "template edit"},
    {2388293, 2388293, GRAPH_PT, 0, 0, false, "template edit"},
    {2388299, 2388299, GRAPH_PT, 0, 0, false, "template edit"},
    {2494100, 2494100, GRAPH_RB, 0, MINUTE, false, "maintenance"},
};

static const struct graph_error unlisted = {0, 0, GRAPH_DL, 0, 0, false, "not in our table"};

const struct graph_error *graph_error_find(int32_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (code >= rows[i].first && code <= rows[i].last)
            return &rows[i];
    }
    return &unlisted;
}

const char *graph_class_name(enum graph_class c)
{
    static const char *const names[] = {
        [GRAPH_RB] = "RB", [GRAPH_RP] = "RP", [GRAPH_RL] = "RL", [GRAPH_DL] = "DL",
        [GRAPH_PT] = "PT", [GRAPH_RX] = "RX", [GRAPH_PN] = "PN", [GRAPH_ST] = "ST",
    };

    return names[c];
}

bool graph_error_temporary(const struct graph_error *g, int32_t tries)
{
    switch (g->class) {
    case GRAPH_RB:
    case GRAPH_RP:
        return g->tries == 0 || tries < g->tries;
    case GRAPH_PN:
    case GRAPH_ST:
        return true;
    case GRAPH_RL:
    case GRAPH_DL:
    case GRAPH_PT:
    case GRAPH_RX:
        break;
    }
    return false;
}

const struct graph_error *graph_error_table(int *n)
{
    *n = (int)(sizeof rows / sizeof *rows);
    return rows;
}
