/* A folder for one test, taken away with all it holds. */
#ifndef TEMP_FOLDER_H
#define TEMP_FOLDER_H

struct temp_folder {
    char path[256];
};

/* A new empty folder in $TMPDIR or /tmp; ends the program when there can be none. */
void temp_folder_make(struct temp_folder *t);
/* "<folder>/<name>", in `out`. */
const char *temp_folder_file(const struct temp_folder *t, const char *name, char out[512]);
void temp_folder_remove(struct temp_folder *t);

#endif
