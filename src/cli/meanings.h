/* docs/message-meanings.md, made from the table of meanings. */
#ifndef CLI_MEANINGS_H
#define CLI_MEANINGS_H

#include <stdio.h>

void meanings_write(FILE *to);

#endif
