/* Sites in the log and in labels: what a policy asked for, and nothing that does not look like a code. */
#include <stdio.h>
#include <string.h>

#include "send_impl.h"

static bool fits(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

void site_read(struct str log, char out[SEND_SITE_TEXT + 1])
{
    bool good = log.n > 0 && log.n <= SEND_SITE_TEXT;

    for (size_t i = 0; good && i < log.n; i++)
        good = fits(log.p[i]);
    (void)snprintf(out, SEND_SITE_TEXT + 1, "%.*s", good ? (int)log.n : 0, log.p ? log.p : "");
}

void site_count(struct send *s, const char *code)
{
    size_t i = 0;

    if (!code[0])
        return;
    while (i < s->n_sites && strcmp(s->sites[i].code, code) != 0)
        i++;
    if (i == SEND_SITES_MOST)
        return;
    if (i == s->n_sites)
        (void)snprintf(s->sites[s->n_sites++].code, sizeof s->sites[i].code, "%s", code);
    s->sites[i].accepted++;
}

const struct send_site *send_sites(const struct send *s, size_t *n)
{
    *n = s->n_sites;
    return s->sites;
}
