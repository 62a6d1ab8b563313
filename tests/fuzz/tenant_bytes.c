#include "tenant_bytes.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
    const char *mark, *file;
} files[TENANT_FILES] = {
    {"%feed", "feed.yaml"},
    {"%sites", "sites.yaml"},
    {"%templates", "templates.yaml"},
    {"%policy", "policy.yaml"},
    {"%overlay", "overlays/lion.yaml"},
    {"%status", "tables/status.csv"},
    {"%site", "tables/site.csv"},
    {"%language", "tables/language.csv"},
    {"%sample", "samples/s12.hl7"},
};

static struct temp_folder to_remove;

static void leave(void)
{
    temp_folder_remove(&to_remove);
}

void tenant_bytes_make(struct tenant_bytes *t)
{
    *t = (struct tenant_bytes){0};
    tenant_make(&t->at);
    to_remove = t->at.folder;
    atexit(leave);
}

static void put(const char *path, struct str text)
{
    FILE *out = fopen(path, "wb");

    if (!out || fwrite(text.p, 1, text.n, out) != text.n || fclose(out) != 0)
        abort();
}

static void put_file(const struct tenant_bytes *t, size_t i, struct str text)
{
    char path[512];

    put(temp_folder_file(&t->at.folder, files[i].file, path), text);
}

/* Which file a line begins; TENANT_FILES: none. */
static size_t begins(struct str line)
{
    size_t i = 0;

    while (i < TENANT_FILES && !str_eq(line, str_of(files[i].mark)))
        i++;
    return i;
}

static void cut(struct tenant_bytes *t, struct str bytes)
{
    struct str *to = &t->rest;

    memset(t->files, 0, sizeof t->files);
    t->rest = (struct str){bytes.p, 0};
    while (bytes.p) {
        size_t i = begins(str_cut(&bytes, '\n'));

        if (i < TENANT_FILES && bytes.p) {
            to = &t->files[i];
            *to = (struct str){bytes.p, 0};
        } else {
            to->n = (size_t)((bytes.p ? bytes.p : t->end) - to->p);
        }
    }
}

bool tenant_bytes_write(struct tenant_bytes *t, struct str bytes)
{
    bool any = false;

    t->end = bytes.p + bytes.n;
    cut(t, bytes);
    for (size_t i = 0; i < TENANT_FILES; i++) {
        if (t->files[i].p)
            put_file(t, i, t->files[i]);
        else if (t->changed[i])
            put_file(t, i, str_of(tenant_text(files[i].file)));
        t->changed[i] = t->files[i].p != NULL;
        any = any || t->changed[i];
    }
    return any;
}

void tenant_bytes_feed(struct tenant_bytes *t, struct str text)
{
    t->files[0] = text;
    t->changed[0] = true;
    put_file(t, 0, text);
}

struct str tenant_bytes_text(const struct tenant_bytes *t, const char *path)
{
    size_t folder = strlen(t->at.folder.path);

    for (size_t i = 0; i < TENANT_FILES; i++)
        if (strncmp(path, t->at.folder.path, folder) == 0 &&
            strcmp(path + folder + 1, files[i].file) == 0)
            return t->files[i].p ? t->files[i] : str_of(tenant_text(files[i].file));
    return (struct str){NULL, 0};
}

void tenant_bytes_put(struct tenant_bytes *t, const char *path, struct str text)
{
    for (size_t i = 0; i < TENANT_FILES; i++) {
        char own[512];

        if (strcmp(path, temp_folder_file(&t->at.folder, files[i].file, own)) == 0) {
            t->files[i] = text;
            t->changed[i] = true;
            put(path, text);
            return;
        }
    }
    abort(); /* no file of this tenant */
}
