/* The pairs of a map while its file is being read. */
#ifndef YAML_MAP_H
#define YAML_MAP_H

#include "yaml/yaml.h"

/* Drops all but the last pair of each key, and says so (E102) at the later keys. */
void map_drop_doubles(struct yaml_node *map, struct arena *a, const struct yaml_report *to);

#endif
