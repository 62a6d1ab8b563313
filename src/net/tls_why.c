/* Why a handshake failed, in words of our own: nothing that a peer sent is among them. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/str.h"
#include "tls_context.h"

enum { RECORD_ALERT = 0x15, RECORD_HANDSHAKE = 0x16, SSL2_HELLO = 0x80 };

struct reason {
    int code;
    const char *why;
};

static const char no_tls[] = "no TLS";
static const char too_old[] = "version too old";
static const char no_certificate[] = "no client certificate";
static const char refuses_ours[] = "the peer refuses our certificate";
static const char other[] = "other";

static const struct reason reasons[] = {
    {SSL_R_HTTP_REQUEST, no_tls},
    {SSL_R_HTTPS_PROXY_REQUEST, no_tls},
    {SSL_R_WRONG_VERSION_NUMBER, too_old},
    {SSL_R_UNSUPPORTED_PROTOCOL, too_old},
    {SSL_R_VERSION_TOO_LOW, too_old},
    {SSL_R_UNKNOWN_PROTOCOL, too_old},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, too_old},
    {SSL_R_INAPPROPRIATE_FALLBACK, too_old},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, too_old},
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, no_certificate},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, no_certificate},
    {SSL_R_NO_SHARED_CIPHER, "no cipher in common"},
    {SSL_R_NO_SHARED_GROUPS, "no cipher in common"},
    {SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "no cipher in common"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer refuses our ciphers or certificate"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, refuses_ours},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, refuses_ours},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, refuses_ours},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, refuses_ours},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, refuses_ours},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA, refuses_ours},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, refuses_ours},
};

static const struct reason verdicts[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "certificate expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "certificate not valid yet"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "unknown authority"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "unknown authority"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "unknown authority"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "unknown authority"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "unknown authority"},
    {X509_V_ERR_CERT_UNTRUSTED, "unknown authority"},
    {X509_V_ERR_HOSTNAME_MISMATCH, "the certificate is for another name"},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "the certificate is for another address"},
    {X509_V_ERR_INVALID_PURPOSE, "the certificate is for another purpose"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "the certificate is too weak"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "the certificate is too weak"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "the certificate is too weak"},
};

static const char *word_for(int code, const struct reason *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (all[i].code == code)
            return all[i].why;
    }
    return other;
}

const char *tls_why(const SSL *ssl)
{
    int reason = ERR_GET_REASON(ERR_peek_error());

    if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
        return word_for((int)SSL_get_verify_result(ssl), verdicts,
                        sizeof verdicts / sizeof verdicts[0]);
    return word_for(reason, reasons, sizeof reasons / sizeof reasons[0]);
}

const char *tls_why_first(unsigned char byte)
{
    if (byte == RECORD_HANDSHAKE || byte == RECORD_ALERT)
        return NULL;
    return byte & SSL2_HELLO ? too_old : no_tls;
}
