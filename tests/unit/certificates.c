#include "certificates.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { DAY_S = 86400 };

static void need(bool ok)
{
    if (!ok)
        abort();
}

static void extend(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *one = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    need(one && X509_add_ext(x, one, -1));
    X509_EXTENSION_free(one);
}

struct certified certificate_make(const struct certificate_wish *wish)
{
    struct certified c = {X509_new(), EVP_EC_gen("P-256")};
    const struct certified *by = wish->by ? wish->by : &c;
    X509_NAME *subject = X509_NAME_new();
    unsigned char serial[8];
    BIGNUM *number = BN_new();

    need(c.certificate && c.key && subject && number && RAND_bytes(serial, sizeof serial) == 1);
    BN_bin2bn(serial, sizeof serial, number);
    need(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)wish->name,
                                    -1, -1, 0) &&
         X509_set_version(c.certificate, X509_VERSION_3) &&
         BN_to_ASN1_INTEGER(number, X509_get_serialNumber(c.certificate)) &&
         X509_gmtime_adj(X509_getm_notBefore(c.certificate), (long)wish->from_days * DAY_S) &&
         X509_gmtime_adj(X509_getm_notAfter(c.certificate), (long)wish->to_days * DAY_S) &&
         X509_set_subject_name(c.certificate, subject) &&
         X509_set_issuer_name(c.certificate,
                              wish->by ? X509_get_subject_name(by->certificate) : subject) &&
         X509_set_pubkey(c.certificate, c.key));
    extend(c.certificate, NID_basic_constraints,
           wish->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    extend(c.certificate, NID_key_usage,
           wish->authority ? "critical,keyCertSign" : "critical,digitalSignature");
    if (wish->alternatives)
        extend(c.certificate, NID_subject_alt_name, wish->alternatives);
    need(X509_sign(c.certificate, by->key, EVP_sha256()) > 0);
    X509_NAME_free(subject);
    BN_free(number);
    return c;
}

static FILE *file(const struct temp_folder *folder, const char *name, const char *end, mode_t mode)
{
    char path[512], whole[128];
    FILE *f;

    (void)snprintf(whole, sizeof whole, "%s.%s", name, end);
    f = fopen(temp_folder_file(folder, whole, path), "w");
    need(f && chmod(path, mode) == 0);
    return f;
}

void certificate_save(const struct certified *c, const struct temp_folder *folder, const char *name)
{
    FILE *pem = file(folder, name, "pem", 0644), *key = file(folder, name, "key", 0600);

    need(PEM_write_X509(pem, c->certificate) &&
         PEM_write_PrivateKey(key, c->key, NULL, NULL, 0, NULL, NULL));
    fclose(pem);
    fclose(key);
}

void certificate_free(struct certified *c)
{
    X509_free(c->certificate);
    EVP_PKEY_free(c->key);
    *c = (struct certified){0};
}
