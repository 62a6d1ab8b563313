/* Files that ship inside the program: pages, the demo tenant. Made by web/embed.py at build time. */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include "base/str.h"

struct embedded_file {
    const char *path; /* relative to the folder that was embedded: "samples/01.hl7" */
    struct str text;
};

struct embedded_folder {
    const struct embedded_file *files; /* in order of path */
    size_t n;
};

#endif
