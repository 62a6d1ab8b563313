#include "ledger.h"

#include "commands.h"
#include "people.h"

void ledger_print(const struct ledger *l, bool json, FILE *to)
{
    const struct {
        const char *name;
        int64_t n;
    } rows[] = {
        {"acked", l->acked},         {"notified", l->notified}, {"recorded", l->recorded},
        {"dropped", l->dropped},     {"held", l->held},         {"rejected", l->rejected},
        {"duplicate", l->duplicate}, {"pending", l->pending},
    };
    enum { ROWS = sizeof rows / sizeof *rows };

    (void)fputs(json ? "{" : "", to);
    for (size_t i = 0; i < ROWS; i++) {
        if (json)
            (void)fprintf(to, "\"%s\":%lld,", rows[i].name, (long long)rows[i].n);
        else
            (void)fprintf(to, "%s%lld %s",
                          i == 0   ? ""
                          : i == 1 ? " = "
                                   : " + ",
                          (long long)rows[i].n, rows[i].name);
    }
    if (json)
        (void)fprintf(to, "\"balanced\":%s}\n", ledger_balances(l) ? "true" : "false");
    else
        (void)fprintf(to, "%s\n", ledger_balances(l) ? "" : "   DOES NOT BALANCE");
}

int cli_ledger(const struct cli_args *args)
{
    struct ledger l = {0};
    struct people p;
    struct err e = {0};
    bool ok =
        people_open(args->option[OPT_CONFIG], &p, &e) && p.store->ops->ledger(p.store, &l, &e);
    int code;

    if (ok)
        ledger_print(&l, args->option[OPT_JSON] != NULL, stdout);
    else
        (void)fprintf(stderr, "%s\n", e.text);
    code = ok ? EXIT_YES : people_exit(&p);
    people_close(&p);
    if (!ok)
        return code;
    return ledger_balances(&l) ? EXIT_YES : EXIT_NO;
}
