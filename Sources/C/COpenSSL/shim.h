#pragma once

/* SHA256_Init/Update/Final: since OpenSSL 3.0 the only digest that does not allocate (EVP takes a malloc or two a time). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* Macros that Swift cannot see. */
static const int postern_public_key_selection = EVP_PKEY_PUBLIC_KEY;
static inline long postern_bio_contents(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

/* The builder keeps the names by pointer; a Swift string would be gone when it reads them. */
static inline int postern_push_rsa_key(OSSL_PARAM_BLD *builder, const BIGNUM *modulus, const BIGNUM *exponent) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
}

/* TLS: the same. */
static const uint64_t postern_tls_options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
    | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
static inline void postern_bio_wants_more(BIO *bio) { BIO_set_retry_read(bio); }
static inline void postern_bio_is_well(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline void postern_tls_release_buffers(SSL_CTX *context) { SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS); }
static inline int postern_tls_at_least(SSL_CTX *context, int version) {
    return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline void postern_tls_cache_mode(SSL_CTX *context, long mode) { SSL_CTX_set_session_cache_mode(context, mode); }
static inline int postern_tls_groups(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, list);
}
static inline int postern_tls_add_chain(SSL_CTX *context, X509 *certificate) {
    return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline void postern_tls_on_name(SSL_CTX *context, int (*choose)(SSL *, int *, void *), void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, choose);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}
static inline int postern_tls_ask_for(SSL *session, const char *name) {
    return (int)SSL_set_tlsext_host_name(session, name);
}

/* Parameters keep names and values by pointer, too. */
static inline int postern_mac_use_key(EVP_MAC_CTX *mac, unsigned char *key, size_t count) {
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, count),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    return EVP_MAC_CTX_set_params(mac, parameters);
}
