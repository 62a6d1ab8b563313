#ifndef MAP_MESSAGE_H
#define MAP_MESSAGE_H

#include "map/map.h"

/* Holds the whole message, for that reason. Store thread. */
bool map_hold(const struct message *m, struct str reason, struct store *s, struct err *e) MUST_USE;

#endif
