/* The balance, printed. */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include <stdio.h>

#include "model/ledger.h"

/* "9 acked = 4 notified + …", or one JSON object with `balanced`; ends in a line break. */
void ledger_print(const struct ledger *l, bool json, FILE *to);

#endif
