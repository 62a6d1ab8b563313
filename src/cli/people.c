#include "people.h"

#include "cli/args.h"

bool people_open(const char *config_file, struct people *p, struct err *e)
{
    struct store_settings set = {.read_only = true};

    *p = (struct people){0};
    if (!config_read(config_file ? config_file : "tidings.yaml", &p->arena, &p->config, e) ||
        !seal_open(p->config.keys, &p->seal, e))
        return false;
    set.where = p->config.state;
    set.seal = p->seal;
    set.duplicate_ms = p->config.receive_duplicate_window;
    return store_sqlite.open(&set, &p->store, e) && p->store->ops->begin(p->store, e);
}

int people_exit(const struct people *p)
{
    return p->seal ? EXIT_REACH : EXIT_USAGE;
}

void people_close(struct people *p)
{
    if (p->store) {
        p->store->ops->rollback(p->store);
        p->store->ops->close(p->store);
    }
    seal_close(p->seal);
    arena_reset(&p->arena);
}
