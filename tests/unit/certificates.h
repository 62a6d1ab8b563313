/* Certificates for tests, made on the spot. */
#ifndef CERTIFICATES_H
#define CERTIFICATES_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "temp_folder.h"

struct certified {
    X509 *certificate;
    EVP_PKEY *key;
};

struct certificate_wish {
    const char *name;           /* CN */
    const char *alternatives;   /* "DNS:a.example,URI:urn:b,IP:127.0.0.1"; NULL: none */
    const struct certified *by; /* who signs; NULL: itself */
    int from_days, to_days;     /* from today */
    bool authority;
};

/* Ends the program when it cannot be made. */
struct certified certificate_make(const struct certificate_wish *wish);
/* Writes <name>.pem and <name>.key (mode 0600) into the folder. */
void certificate_save(const struct certified *c, const struct temp_folder *folder,
                      const char *name);
void certificate_free(struct certified *c);

#endif
