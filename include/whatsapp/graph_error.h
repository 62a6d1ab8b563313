/* What each error code of the Graph API means for us (WhatsApp page §4), as data. */
#ifndef WHATSAPP_GRAPH_ERROR_H
#define WHATSAPP_GRAPH_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum graph_class {
    GRAPH_RB = 1, /* retry with back-off                                   */
    GRAPH_RP,     /* back off this recipient only                          */
    GRAPH_RL,     /* hours later: a person or a later event                */
    GRAPH_DL,     /* dead letter: the mapping or the template is wrong     */
    GRAPH_PT,     /* pause the template                                    */
    GRAPH_RX,     /* this recipient cannot be reached here                 */
    GRAPH_PN,     /* pause the phone number                                */
    GRAPH_ST,     /* stop the account or app                               */
};

struct graph_error {
    int32_t first, last; /* codes, both included */
    enum graph_class class;
    int32_t tries;       /* attempts after which it is a dead letter; 0: the policy's own number */
    int32_t pause_s;     /* the sender rests so long after it; 0: goes on */
    bool doubtful;       /* may have been accepted all the same: the outcome is unknown */
    const char *meaning; /* our own words, for the log */
};

/* The row of a code. Codes that no row names share one: DL, "not in our table". Never NULL. */
const struct graph_error *graph_error_find(int32_t code);
/* "RB", "RP", … */
const char *graph_class_name(enum graph_class c);

/* May the same notice be tried again after this refusal? `tries` counts the attempts that ended, this
 * one included. RB, RP within their number; ST and PN too, because the fault is ours and the sender
 * rests until it is mended. */
bool graph_error_temporary(const struct graph_error *g, int32_t tries);

/* Every row, for tests and docs. */
const struct graph_error *graph_error_table(int *n);

#endif
