/* Whom a certificate names. */
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/encode.h"
#include "tls_context.h"

static const char fingerprint_mark[] = "sha256:";

/* Printable ASCII alone: what else a name holds is there to deceive. */
static void add_name(struct tls_peer *p, const ASN1_STRING *s)
{
    struct str name = {(const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};

    if (p->n_names == TLS_NAMES_MOST || name.n == 0 || name.n >= TLS_NAME_MOST)
        return;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] < 0x20 || name.p[i] > 0x7e)
            return;
    }
    memcpy(p->names[p->n_names], name.p, name.n);
    p->names[p->n_names++][name.n] = '\0';
}

static void add_alternatives(struct tls_peer *p, const X509 *x)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
    int n = all ? sk_GENERAL_NAME_num(all) : 0;

    for (int i = 0; i < n; i++) {
        int type = 0;
        const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i), &type);

        if (type == GEN_DNS || type == GEN_URI)
            add_name(p, value);
    }
    GENERAL_NAMES_free(all);
}

static void add_common_name(struct tls_peer *p, const X509 *x)
{
    const X509_NAME *subject = X509_get_subject_name(x);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at >= 0)
        add_name(p, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

struct tls_peer *tls_peer_read(const X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char names[TLS_NAMES_MOST][TLS_NAME_MOST];
    struct tls_peer *p = calloc(1, sizeof *p);
    unsigned n = 0;

    if (!p || X509_digest(certificate, EVP_sha256(), digest, &n) != 1 ||
        n * 2 >= sizeof p->fingerprint)
        abort();
    hex_encode(digest, n, p->fingerprint);
    p->names = names;
    add_alternatives(p, certificate);
    if (p->n_names == 0)
        add_common_name(p, certificate);
    p->names = calloc(p->n_names ? p->n_names : 1, sizeof *p->names);
    if (!p->names)
        abort();
    memcpy(p->names, names, p->n_names * sizeof *names);
    return p;
}

void tls_peer_free(struct tls_peer *p)
{
    if (!p)
        return;
    free(p->names);
    free(p);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_without_case(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

/* "ab:cd:..." as `openssl x509 -fingerprint` prints it, too. */
static bool is_fingerprint(const char *have, const char *want)
{
    while (*want) {
        if (*want != ':' && lower(*want) != *have++)
            return false;
        want++;
    }
    return *have == '\0';
}

bool tls_peer_is(const struct tls_peer *p, const char *name)
{
    bool is_uri = strchr(name, ':') != NULL; /* no host name holds one */

    /* Never a name: a certificate may be issued to one that reads like a fingerprint. */
    if (strncmp(name, fingerprint_mark, sizeof fingerprint_mark - 1) == 0)
        return is_fingerprint(p->fingerprint, name + sizeof fingerprint_mark - 1);
    for (size_t i = 0; i < p->n_names; i++) {
        if (is_uri ? strcmp(p->names[i], name) == 0 : is_without_case(p->names[i], name))
            return true;
    }
    return false;
}
