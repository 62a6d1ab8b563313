/* Certificates, keys and the versions and ciphers that are allowed. */
#include "net/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls_context.h"

enum { KEY_MOST = 65536 };

/* A key under a password is an error, never a question on the terminal. */
static int no_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

/* The open descriptor is judged, so nothing can be swapped between the check and the read. */
static int open_key(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;

    if (fd < 0) {
        (void)err_set(e, ERR_CONFIG, errno, "%.200s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        (void)err_set(e, ERR_CONFIG, 0, "%.200s: not a regular file", path);
    else if (st.st_mode & 077)
        (void)err_set(e, ERR_CONFIG, 0,
                      "%.200s: mode is %04o, must be readable by its owner only (chmod 600)", path,
                      (unsigned)(st.st_mode & 07777));
    else if (st.st_uid != geteuid() && st.st_uid != 0)
        (void)err_set(e, ERR_CONFIG, 0,
                      "%.200s: belongs to user %lu, must be ours or root's (chown)", path,
                      (unsigned long)st.st_uid);
    else
        return fd;
    (void)close(fd);
    return -1;
}

static EVP_PKEY *key_of(int fd)
{
    char *bytes = malloc(KEY_MOST);
    EVP_PKEY *key = NULL;
    size_t n = 0;
    ssize_t got;
    BIO *bio;

    if (!bytes)
        abort();
    do {
        got = read(fd, bytes + n, KEY_MOST - n);
        n += got > 0 ? (size_t)got : 0;
    } while ((got > 0 && n < KEY_MOST) || (got < 0 && errno == EINTR));
    bio = BIO_new_mem_buf(bytes, (int)n);
    if (!bio)
        abort();
    key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    OPENSSL_cleanse(bytes, KEY_MOST);
    free(bytes);
    return key;
}

static bool use_key(SSL_CTX *ctx, const struct tls_settings *set, struct err *e)
{
    int fd = set->key ? open_key(set->key, e) : -1;
    EVP_PKEY *key;
    bool ok;

    if (!set->key)
        return err_set(e, ERR_CONFIG, 0, "%.200s: a certificate without its key", set->certificate);
    if (fd < 0)
        return false;
    key = key_of(fd);
    (void)close(fd);
    if (!key)
        return err_set(e, ERR_CONFIG, 0,
                       "%.200s: no private key in PEM, or one that wants a password", set->key);
    ok = SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    return ok ||
           err_set(e, ERR_CONFIG, 0, "%.200s: not the key of %.120s", set->key, set->certificate);
}

static bool use_certificate(SSL_CTX *ctx, const struct tls_settings *set, struct err *e)
{
    const X509 *leaf;

    if (access(set->certificate, R_OK) != 0)
        return err_set(e, ERR_CONFIG, errno, "%.200s: %s", set->certificate, strerror(errno));
    if (SSL_CTX_use_certificate_chain_file(ctx, set->certificate) != 1)
        return err_set(e, ERR_CONFIG, 0,
                       "%.200s: no certificate in PEM, or one with too weak a key",
                       set->certificate);
    leaf = SSL_CTX_get0_certificate(ctx);
    if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0)
        return err_set(e, ERR_CONFIG, 0, "%.200s: the certificate has expired", set->certificate);
    if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0)
        return err_set(e, ERR_CONFIG, 0, "%.200s: the certificate is not valid yet",
                       set->certificate);
    return use_key(ctx, set, e);
}

/* Whose word counts about the peer's certificate. */
static bool use_authorities(SSL_CTX *ctx, const struct tls_settings *set, struct err *e)
{
    STACK_OF(X509_NAME) * names;

    if (!set->ca) {
        if (!set->server && SSL_CTX_set_default_verify_paths(ctx) != 1)
            return err_set(e, ERR_CONFIG, 0, "the system's certificate authorities are missing");
        return true;
    }
    if (access(set->ca, R_OK) != 0)
        return err_set(e, ERR_CONFIG, errno, "%.200s: %s", set->ca, strerror(errno));
    if (SSL_CTX_load_verify_file(ctx, set->ca) != 1)
        return err_set(e, ERR_CONFIG, 0, "%.200s: no certificate in PEM", set->ca);
    if (!set->server)
        return true;
    names = SSL_load_client_CA_file(set->ca); /* tells clients which certificate to show */
    if (!names)
        return err_set(e, ERR_CONFIG, 0, "%.200s: no certificate in PEM", set->ca);
    SSL_CTX_set_client_CA_list(ctx, names);
    return true;
}

static bool limit(SSL_CTX *ctx)
{
    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_security_level(ctx, 2); /* RSA of 2048 bits, no SHA-1 */
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(ctx, 0) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_num_tickets(ctx, 0) == 1 && SSL_CTX_set_max_early_data(ctx, 0) == 1;
}

bool tls_open(const struct tls_settings *set, struct tls **out, struct err *e)
{
    struct tls *t = calloc(1, sizeof *t);
    int verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    bool ok;

    if (!t)
        abort();
    t->users = 1;
    t->server = set->server;
    t->ctx = SSL_CTX_new(set->server ? TLS_server_method() : TLS_client_method());
    t->pipe = tls_pipe_method();
    if (!t->ctx)
        abort();
    ok = limit(t->ctx) || err_set(e, ERR_CONFIG, 0, "OpenSSL has no TLS 1.2 with ECDHE and AEAD");
    if (ok && set->server && !set->certificate)
        ok = err_set(e, ERR_CONFIG, 0, "a TLS server needs a certificate");
    ok = ok && (!set->certificate || use_certificate(t->ctx, set, e)) &&
         use_authorities(t->ctx, set, e);
    ERR_clear_error();
    if (!ok) {
        tls_close(t);
        return false;
    }
    /* An intermediate authority in `ca` is trusted without its root. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(t->ctx), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_verify(t->ctx, set->server && !set->ca ? SSL_VERIFY_NONE : verify, NULL);
    *out = t;
    return true;
}

void tls_leave(struct tls *t)
{
    if (--t->users > 0)
        return;
    SSL_CTX_free(t->ctx);
    BIO_meth_free(t->pipe);
    free(t);
}

void tls_close(struct tls *t)
{
    if (t)
        tls_leave(t);
}
