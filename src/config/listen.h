/* The list behind `listen`. Private to config. */
#ifndef CONFIG_LISTEN_H
#define CONFIG_LISTEN_H

#include "reading.h"

bool listen_read(struct reading *r, const struct yaml_node *list);

#endif
