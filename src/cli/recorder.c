/* What connections with something wrong last sent, without its values. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/clock.h"
#include "commands.h"
#include "hl7/masked.h"
#include "people.h"

enum { LISTED = 50, PAGE_BYTES = 16 << 20 };

static int list(struct people *p, struct err *e)
{
    struct recording_list all;

    if (!p->store->ops->list_recordings(p->store, LISTED, &p->arena, &all, e))
        return EXIT_REACH;
    for (size_t i = 0; i < all.n; i++) {
        const struct recording *r = &all.items[i];
        char at[25];

        clock_text(r->saved_ms, at);
        (void)printf("%6lld  %.19sZ  " STR_FMT "  " STR_FMT "  " STR_FMT "\n", (long long)r->id, at,
                     STR_ARG(r->code), STR_ARG(r->listener), STR_ARG(r->address));
    }
    if (!all.n)
        (void)printf("nothing recorded\n");
    return EXIT_YES;
}

static int show(struct people *p, int64_t id, struct err *e)
{
    struct buf out = buf_new(PAGE_BYTES);
    struct recording r;
    char what[60], at[25];

    (void)snprintf(what, sizeof what, "recorder %lld", (long long)id);
    if (!audit_note(p->config.state, what, e) ||
        !p->store->ops->read_recording(p->store, id, &p->arena, &r, e))
        return EXIT_USAGE;
    clock_text(r.saved_ms, at);
    (void)printf("recording %lld, %.19sZ: " STR_FMT " on " STR_FMT " from " STR_FMT
                 "; values are masked\n",
                 (long long)id, at, STR_ARG(r.code), STR_ARG(r.listener), STR_ARG(r.address));
    hl7_masked_write(r.bytes, r.offset, 0x0b, 0x1c, &out);
    (void)fwrite(out.p, 1, out.n, stdout);
    buf_reset(&out);
    return EXIT_YES;
}

int cli_recorder(const struct cli_args *args)
{
    const char *word = args->n_words ? args->words[0] : NULL;
    char *end = NULL;
    long long id = word ? strtoll(word, &end, 10) : 0;
    struct people p;
    struct err e = {0};
    int code;

    if (word && (!*word || *end || id <= 0)) {
        (void)fprintf(stderr,
                      "tidings: a recording is named by its number; see: tidings recorder\n");
        return EXIT_USAGE;
    }
    if (!people_open(args->option[OPT_CONFIG], &p, &e))
        code = people_exit(&p);
    else
        code = word ? show(&p, id, &e) : list(&p, &e);
    if (e.kind != ERR_NONE)
        (void)fprintf(stderr, "%s\n", e.text);
    people_close(&p);
    return code;
}
