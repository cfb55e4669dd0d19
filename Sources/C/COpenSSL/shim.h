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

/* Macros that Swift cannot see. */
static const int postern_public_key_selection = EVP_PKEY_PUBLIC_KEY;
static inline long postern_bio_contents(BIO *bio, char **start) { return BIO_get_mem_data(bio, start); }

/* The builder keeps the names by pointer; a Swift string would be gone when it reads them. */
static inline int postern_push_rsa_key(OSSL_PARAM_BLD *builder, const BIGNUM *modulus, const BIGNUM *exponent) {
    return OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus)
        && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent);
}
