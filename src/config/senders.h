/* The lists behind `senders` and `channels`. Private to config. */
#ifndef CONFIG_SENDERS_H
#define CONFIG_SENDERS_H

#include "reading.h"

bool senders_read(struct reading *r, const struct yaml_node *list);
bool channels_read(struct reading *r, const struct yaml_node *list);
/* Once all is read: each `channel` of a profile is one of `channels`. */
bool senders_check(struct reading *r, const struct yaml_node *root);

#endif
