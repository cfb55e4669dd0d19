#!/usr/bin/env python3
"""Writes signatures.json: tokens that must be believed and tokens that must not.

Made with pyca/cryptography, an implementation that is not ours, in the manner of Wycheproof's
json_web_signature_test.json. Keys are fresh at every run; the file in the repository is the one tests use.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils


def b64(data):
    if isinstance(data, str):
        data = data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


SIZES = {"P-256": 32, "P-384": 48, "P-521": 66, "secp256k1": 32}


def jwk(key, **more):
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        n = public.public_numbers()
        out = {"kty": "RSA", "n": number(n.n), "e": number(n.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        n = public.public_numbers()
        crv = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}.get(public.curve.name, public.curve.name)
        out = {"kty": "EC", "crv": crv, "x": number(n.x, SIZES[crv]), "y": number(n.y, SIZES[crv])}
    else:
        crv = "Ed25519" if isinstance(public, ed25519.Ed25519PublicKey) else "Ed448"
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        out = {"kty": "OKP", "crv": crv, "x": b64(raw)}
    return {**out, **more}


HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def raw_ecdsa(key, data, digest, size):
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def signature(alg, key, data):
    if alg in ("EdDSA", "Ed25519"):
        return key.sign(data)
    digest = HASHES[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest)
    if alg.startswith("PS"):
        return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return raw_ecdsa(key, data, digest, {"256": 32, "384": 48, "512": 66}[alg[2:]])


PAYLOAD = '{"iss":"https://issuer.example","sub":"alice"}'


def token(alg, key, payload=PAYLOAD, kid="k", header=None, sign=None):
    head = header if header is not None else json.dumps({"alg": alg, "kid": kid} if kid else {"alg": alg})
    data = b64(head) + "." + b64(payload)
    return data + "." + b64((sign or (lambda d: signature(alg, key, d)))(data.encode()))


rsa2048 = rsa.generate_private_key(65537, 2048)
other2048 = rsa.generate_private_key(65537, 2048)
rsa3072 = rsa.generate_private_key(65537, 3072)
rsa2056 = rsa.generate_private_key(65537, 2056)
rsa1024 = rsa.generate_private_key(65537, 1024)
rsa_e3 = rsa.generate_private_key(3, 2048)
p256 = ec.generate_private_key(ec.SECP256R1())
p384 = ec.generate_private_key(ec.SECP384R1())
p521 = ec.generate_private_key(ec.SECP521R1())
k256 = ec.generate_private_key(ec.SECP256K1())
ed = ed25519.Ed25519PrivateKey.generate()
goldilocks = ed448.Ed448PrivateKey.generate()

KEYS = {
    "RS256": rsa2048, "RS384": rsa2048, "RS512": rsa2048, "PS256": rsa2048, "PS384": rsa2048, "PS512": rsa2048,
    "ES256": p256, "ES384": p384, "ES512": p521, "EdDSA": ed, "Ed25519": ed,
}
ALL = list(KEYS)
groups = []


def group(comment, requirement, keys, vectors, allowed=ALL):
    """`vectors`: (comment, token, outcome); the outcome is "valid" or the refusal."""
    groups.append({
        "comment": comment, "requirement": requirement, "keys": json.dumps({"keys": keys}), "allowed": allowed,
        "tests": [{"comment": c, "token": t, "outcome": o} for c, t, o in vectors],
    })


# What must be believed.
for alg, key in KEYS.items():
    group("good signatures of " + alg, "C11", [jwk(key, kid="k")], [
        ("with kid", token(alg, key), "valid"),
        ("payload with white space", token(alg, key, payload='{\n "a" : [ 1 ] }'), "valid"),
        ("empty object", token(alg, key, payload="{}"), "valid"),
        ("without kid", token(alg, key, kid=None), "valid"),
    ])
group("other sizes of RSA", "C12", [jwk(rsa3072, kid="3072"), jwk(rsa2056, kid="2056"), jwk(rsa_e3, kid="e3")], [
    ("3072 bits", token("RS256", rsa3072, kid="3072"), "valid"),
    ("3072 bits, PSS", token("PS512", rsa3072, kid="3072"), "valid"),
    ("2056 bits", token("PS256", rsa2056, kid="2056"), "valid"),
    ("exponent 3", token("RS256", rsa_e3, kid="e3"), "valid"),
])
group("coordinates with leading zeros", "C12", *(lambda keys: (
    [jwk(k, kid=str(i)) for i, k in enumerate(keys)],
    [("key %d" % i, token("ES256", k, kid=str(i)), "valid") for i, k in enumerate(keys)],
))([k for k in (ec.generate_private_key(ec.SECP256R1()) for _ in range(3000))
    if min(k.public_key().public_numbers().x, k.public_key().public_numbers().y) < 1 << 248][:4]))

# C11: every kind of damage to the signature.
for alg, key in KEYS.items():
    good = token(alg, key)
    head, body, sig = good.split(".")
    raw = base64.urlsafe_b64decode(sig + "==")
    bad = "token_signature_invalid"

    def with_signature(new):
        return head + "." + body + "." + b64(new)

    group("damaged signatures of " + alg, "C11", [jwk(key, kid="k")], [
        ("every byte xor 5A", with_signature(bytes(b ^ 0x5A for b in raw)), bad),
        ("first bit", with_signature(bytes([raw[0] ^ 0x80]) + raw[1:]), bad),
        ("last bit", with_signature(raw[:-1] + bytes([raw[-1] ^ 1])), bad),
        ("zeros", with_signature(bytes(len(raw))), bad),
        ("ones", with_signature(b"\xff" * len(raw)), bad),
        ("one byte short", with_signature(raw[:-1]), bad),
        ("first byte cut", with_signature(raw[1:]), bad),
        ("one zero behind", with_signature(raw + b"\0"), bad),
        ("one zero before", with_signature(b"\0" + raw), bad),
        ("twice", with_signature(raw + raw), bad),
        ("one byte", with_signature(b"\0"), bad),
        ("of another payload", token(alg, key, payload='{"sub":"mallory"}').rsplit(".", 1)[0] + "." + sig, bad),
        ("of the payload alone", head + "." + body + "." + b64(signature(alg, key, body.encode())), bad),
        ("of the decoded payload", head + "." + body + "." + b64(signature(alg, key, PAYLOAD.encode())), bad),
    ])

# C12: the details of each family.
def pss(salt, digest=hashes.SHA256, mgf=None):
    return lambda d: rsa2048.sign(d, padding.PSS(padding.MGF1((mgf or digest)()), salt), digest())

group("RSA paddings and hashes that the algorithm does not name", "C12", [jwk(rsa2048, kid="k")], [
    ("PS256, salt of 0", token("PS256", rsa2048, sign=pss(0)), "token_signature_invalid"),
    ("PS256, salt of 31", token("PS256", rsa2048, sign=pss(31)), "token_signature_invalid"),
    ("PS256, salt of 33", token("PS256", rsa2048, sign=pss(33)), "token_signature_invalid"),
    ("PS256, longest salt", token("PS256", rsa2048, sign=pss(222)), "token_signature_invalid"),
    ("PS256, MGF1 with SHA-1", token("PS256", rsa2048, sign=pss(32, mgf=hashes.SHA1)), "token_signature_invalid"),
    ("PS256, SHA-512 with a salt of 32", token("PS256", rsa2048, sign=pss(32, hashes.SHA512)), "token_signature_invalid"),
    ("PS256 signed as RS256", token("PS256", rsa2048, sign=lambda d: signature("RS256", rsa2048, d)), "token_signature_invalid"),
    ("RS256 signed as PS256", token("RS256", rsa2048, sign=lambda d: signature("PS256", rsa2048, d)), "token_signature_invalid"),
    ("RS256 signed with SHA-512", token("RS256", rsa2048, sign=lambda d: signature("RS512", rsa2048, d)), "token_signature_invalid"),
    ("RS256 signed with SHA-1", token("RS256", rsa2048, sign=lambda d: rsa2048.sign(d, padding.PKCS1v15(), hashes.SHA1())), "token_signature_invalid"),
    ("RS512 signed with SHA-256", token("RS512", rsa2048, sign=lambda d: signature("RS256", rsa2048, d)), "token_signature_invalid"),
])


def forged_pkcs1(build):
    """A signature whose padded message is `build(digest info)`: what a lax verifier may take."""
    numbers = rsa2048.private_numbers()
    n, d = numbers.public_numbers.n, numbers.d

    def sign(data):
        info = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(data).digest()
        return pow(int.from_bytes(build(info), "big"), d, n).to_bytes(256, "big")
    return sign

group("PKCS #1 paddings that are not the one", "C12", [jwk(rsa2048, kid="k")], [
    ("built by hand, correct", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\1" + b"\xff" * (253 - len(i)) + b"\0" + i)), "valid"),
    ("bytes behind the digest", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\1" + b"\xff" * 8 + b"\0" + i + b"x" * (245 - len(i)))), "token_signature_invalid"),
    ("block type 2", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\2" + b"\xff" * (253 - len(i)) + b"\0" + i)), "token_signature_invalid"),
    ("a byte of padding changed", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\1" + b"\xff" * 100 + b"\xfe" + b"\xff" * (152 - len(i)) + b"\0" + i)), "token_signature_invalid"),
    ("no digest info", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\1" + b"\xff" * 221 + b"\0" + i[-32:])), "token_signature_invalid"),
    ("digest info without NULL", token("RS256", rsa2048, sign=forged_pkcs1(lambda i: b"\0\1" + b"\xff" * 204 + b"\0" + bytes.fromhex("302f300b0609608648016503040201 0420".replace(" ", "")) + i[-32:])), "token_signature_invalid"),
])
group("a weak RSA key is not used", "C12", [jwk(rsa1024, kid="k")], [
    ("RS256 with 1024 bits", token("RS256", rsa1024), "token_key_unknown"),
    ("PS256 with 1024 bits", token("PS256", rsa1024), "token_key_unknown"),
])

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def two(r, s):
    return lambda d: r.to_bytes(32, "big") + s.to_bytes(32, "big")


def high(d):
    """s replaced by n - s: valid under ECDSA, which JOSE does not narrow."""
    r, s = utils.decode_dss_signature(p256.sign(d, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + (ORDER - s).to_bytes(32, "big")


def beyond(d):
    r, s = utils.decode_dss_signature(p256.sign(d, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + (ORDER + s if ORDER + s < 1 << 256 else (1 << 256) - 1).to_bytes(32, "big")


group("special values of R and S", "C12", [jwk(p256, kid="k")], [
    ("r=%s, s=%s" % (rn, sn), token("ES256", p256, sign=two(r, s)), "token_signature_invalid")
    for rn, r in [("0", 0), ("1", 1), ("n-1", ORDER - 1), ("n", ORDER), ("n+1", ORDER + 1), ("2^256-1", (1 << 256) - 1)]
    for sn, s in [("0", 0), ("1", 1), ("n-1", ORDER - 1), ("n", ORDER), ("2^256-1", (1 << 256) - 1)]
] + [("the other root of s", token("ES256", p256, sign=high), "valid"), ("s + n", token("ES256", p256, sign=beyond), "token_signature_invalid")])
for alg, key in (("ES256", p256), ("ES384", p384), ("ES512", p521)):
    digest = HASHES[alg[2:]]()
    size = SIZES[jwk(key)["crv"]]
    group("ECDSA spelled otherwise, " + alg, "C12", [jwk(key, kid="k")], [
        ("DER", token(alg, key, sign=lambda d: key.sign(d, ec.ECDSA(digest))), "token_signature_invalid"),
        ("wider integers", token(alg, key, sign=lambda d: raw_ecdsa(key, d, digest, size + 1)), "token_signature_invalid"),
        ("another hash", token(alg, key, sign=lambda d: raw_ecdsa(key, d, hashes.SHA224(), size)), "token_signature_invalid"),
        ("S ‖ R", token(alg, key, sign=lambda d: (lambda x: x[size:] + x[:size])(raw_ecdsa(key, d, digest, size))), "token_signature_invalid"),
    ])
group("the curve does not fit the algorithm", "C12", [
    jwk(p256, kid="256"), jwk(p384, kid="384"), jwk(p521, kid="521"), jwk(k256, kid="k1"), jwk(goldilocks, kid="448"),
], [
    ("%s with %s" % (alg, kid), token(alg, key, kid=kid, sign=lambda d: raw_ecdsa(key, d, HASHES[alg[2:]](), size)), "token_key_unknown")
    for kid, key, size in [("256", p256, 32), ("384", p384, 48), ("521", p521, 66), ("k1", k256, 32)]
    for alg in ("ES256", "ES384", "ES512") if kid != {"ES256": "256", "ES384": "384", "ES512": "521"}[alg]
] + [("EdDSA with Ed448", token("EdDSA", goldilocks, kid="448", sign=goldilocks.sign), "token_key_unknown")])

# C4: the public key as an HMAC secret, and keys of another family.
def hmac_with(secret, digest="sha256"):
    return lambda d: hmac.new(secret, d, digest).digest()

public = rsa2048.public_key()
secrets = {
    "PEM": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "PEM without last newline": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).rstrip(),
    "PKCS #1 PEM": public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1),
    "DER": public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    "modulus": public.public_numbers().n.to_bytes(256, "big"),
    "modulus in base64url": number(public.public_numbers().n).encode(),
    "JWK": json.dumps(jwk(rsa2048, kid="k")).encode(),
    "JWK without spaces": json.dumps(jwk(rsa2048, kid="k"), separators=(",", ":")).encode(),
    "nothing": b"",
}
for allowed, outcome in ((ALL, "token_alg_not_allowed"), (["RS256"], "token_alg_not_allowed")):
    group("HMAC keyed with the public key, %d algorithms allowed" % len(allowed), "C4", [jwk(rsa2048, kid="k")], [
        ("%s, %s" % (alg, name), token(alg, None, sign=hmac_with(secret, "sha" + alg[2:])), outcome)
        for name, secret in secrets.items() for alg in ("HS256", "HS384", "HS512")
    ], allowed)
group("HMAC where the set holds an EC key, and a symmetric one", "C4", [
    jwk(p256, kid="ec"), {"kty": "oct", "k": b64(b"0123456789abcdef0123456789abcdef"), "kid": "oct"},
], [
    ("EC key", token("HS256", None, kid="ec", sign=hmac_with(b64(jwk(p256)["x"]).encode())), "token_alg_not_allowed"),
    ("published secret", token("HS256", None, kid="oct", sign=hmac_with(b"0123456789abcdef0123456789abcdef")), "token_alg_not_allowed"),
])
group("key of another family", "C4", [jwk(rsa2048, kid="rsa"), jwk(p256, kid="ec"), jwk(ed, kid="ed")], [
    ("%s under %s" % (alg, kid), token(alg, key, kid=kid), "token_key_unknown")
    for alg, key, kids in (("RS256", rsa2048, ("ec", "ed")), ("PS256", rsa2048, ("ec", "ed")), ("ES256", p256, ("rsa", "ed")), ("EdDSA", ed, ("rsa", "ec")))
    for kid in kids
])

# C3: what is not on the list.
def unsigned(header, sig=""):
    return b64(header) + "." + b64(PAYLOAD) + "." + sig

some = b64(b"signature")
spellings = ["none", "None", "NONE", "nOnE", "nonE", "none ", " none", "none\\u0000", "no\\u006ee", "NoNe"]
group("alg none", "C3", [jwk(rsa2048, kid="k"), jwk(p256, kid="ec"), jwk(ed, kid="ed")], [
    ("%s, no signature" % s, unsigned('{"alg":"%s"}' % s), "token_not_compact") for s in spellings
] + [
    ("%s, any signature" % s, unsigned('{"alg":"%s"}' % s, some), "token_header_malformed" if "u0000" in s else "token_alg_not_allowed")
    for s in spellings
] + [
    ("two parts", b64('{"alg":"none"}') + "." + b64(PAYLOAD), "token_not_compact"),
    ("signature of another token", unsigned('{"alg":"none","kid":"k"}', token("RS256", rsa2048).split(".")[2]), "token_alg_not_allowed"),
])
good = token("RS256", rsa2048).split(".")[2]
group("alg that is no name on the list", "C3", [jwk(rsa2048, kid="k")], [
    (json.dumps(alg), token(None, rsa2048, header=json.dumps({"alg": alg, "kid": "k"}), sign=lambda d: signature("RS256", rsa2048, d)), outcome)
    for alg, outcome in [(a, "token_alg_not_allowed") for a in (
        "", "rs256", "Rs256", "RS256 ", " RS256", "RS256\n", "RS-256", "RS", "RS1", "RS2560", "SHA256withRSA", "RSA1_5",
        "A128KW", "dir", "ES256K", "Ed448", "eddsa", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "R\u015b256",
        "\uff32\uff33256", "null")]
    + [(a, "token_header_malformed") for a in (256, 1.5, True, False, None, [], ["RS256"], {}, {"RS256": 1})]
] + [("missing", token(None, rsa2048, header='{"kid":"k"}', sign=lambda d: signature("RS256", rsa2048, d)), "token_header_malformed")])
group("an algorithm that this issuer may not use", "C3", [jwk(rsa2048, kid="k"), jwk(p256, kid="ec")], [
    ("PS256", token("PS256", rsa2048), "token_alg_not_allowed"),
    ("ES256 with a real key", token("ES256", p256, kid="ec"), "token_alg_not_allowed"),
    ("RS256", token("RS256", rsa2048), "valid"),
], ["RS256"])

# C1: the form.
good = token("RS256", rsa2048)
head, body, sig = good.split(".")
raw = base64.urlsafe_b64decode(sig + "==")
form = "token_not_compact"


def last_bits(text):
    """Each other last symbol that a lax decoder reads as the same bytes."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = {0: 0, 2: 4, 3: 2}[len(text) % 4]
    value = alphabet.index(text[-1])
    return [text[:-1] + alphabet[value | i] for i in range(1, 1 << spare)]


modified = []
for place, part in ("header", head), ("payload", body), ("signature", sig):
    def put(new):
        return ".".join(new if p is part else p for p in (head, body, sig))

    modified += [("%s, %s" % (place, name), put(new), form) for name, new in [
        ("one =", part + "="), ("two =", part + "=="), ("three =", part + "==="), ("= before", "=" + part),
        ("= inside", part[:4] + "=" + part[4:]), ("space behind", part + " "), ("space before", " " + part),
        ("line feed behind", part + "\n"), ("line feed inside", part[:8] + "\n" + part[8:]), ("carriage return", part + "\r\n"),
        ("tab", part + "\t"), ("NUL behind", part + "\0"), ("NUL inside", part[:4] + "\0" + part[4:]), ("percent", part + "%3D"),
        ("plus", part + "+AA"), ("slash", part + "/AA"), ("comma", part + ","), ("bang", part + "!"), ("non-ASCII", part + "\u00e9\u00e9"),
        ("full-width letter", "\uff45" + part[1:]), ("empty", ""), ("one symbol more", part + ("A" if len(part) % 4 == 0 else "AA" if len(part) % 4 == 3 else "AAA")),
        ("padded with ~", part + "~"),
    ]]
    modified += [("%s, spare bits %d" % (place, i), put(new), form) for i, new in enumerate(last_bits(part)) if len(part) % 4]
group("modified padding and symbols", "C1", [jwk(rsa2048, kid="k")], modified + [("unchanged", good, "valid")])

flattened = {"payload": body, "protected": head, "signature": sig}
group("other serializations and counts of parts", "C1", [jwk(rsa2048, kid="k")], [
    ("nothing", "", form), ("dots", "..", form), ("one dot", ".", form), ("four dots", "....", "token_encrypted"), ("many dots", "." * 2000, form),
    ("one part", head, form), ("two parts", head + "." + body, form), ("four parts", good + "." + sig, form), ("dot behind", good + ".", form),
    ("dot before", "." + good, form), ("empty payload", head + ".." + sig, form), ("empty header", "." + body + "." + sig, form),
    ("empty signature", head + "." + body + ".", form),
    ("flattened JSON", json.dumps(flattened), form),
    ("general JSON", json.dumps({"payload": body, "signatures": [{"protected": head, "signature": sig}]}), form),
    ("general JSON, base64url", b64(json.dumps(flattened)), form),
    ("in quotes", '"' + good + '"', form), ("space before", " " + good, form), ("space behind", good + " ", form), ("line behind", good + "\n", form),
    ("Bearer before", "Bearer " + good, form), ("two tokens", good + "," + good, "token_encrypted"), ("byte-order mark", "\ufeff" + good, form),
    ("only the signing input twice", head + "." + body + "." + head + "." + body + "." + sig, "token_encrypted"),
])


def odd(payload=None, header=None, raw_header=None, raw_payload=None):
    h = b64(raw_header if raw_header is not None else header or '{"alg":"RS256","kid":"k"}')
    data = h + "." + b64(raw_payload if raw_payload is not None else payload or PAYLOAD)
    return data + "." + b64(signature("RS256", rsa2048, data.encode()))


group("signed all right, but no strict JSON", "C1", [jwk(rsa2048, kid="k")], [
    ("claims: " + name, odd(raw_payload=data), "token_claims_malformed") for name, data in [
        ("duplicate sub", b'{"sub":"alice","sub":"admin"}'), ("duplicate by escape", b'{"sub":"alice","\\u0073ub":"admin"}'),
        ("duplicate below", b'{"a":{"b":1,"b":2}}'), ("UTF-16", '{"sub":"a"}'.encode("utf-16")), ("UTF-16 little endian", '{"sub":"a"}'.encode("utf-16-le")),
        ("UTF-16 big endian", '{"sub":"a"}'.encode("utf-16-be")), ("UTF-32", '{"sub":"a"}'.encode("utf-32")), ("byte-order mark", b'\xef\xbb\xbf{}'),
        ("Latin-1", b'{"sub":"\xe9"}'), ("overlong", b'{"sub":"\xc0\xaf"}'), ("surrogate in UTF-8", b'{"sub":"\xed\xa0\x80"}'),
        ("lone surrogate", b'{"sub":"\\ud800"}'), ("NUL escape", b'{"sub":"a\\u0000b"}'), ("NUL behind", b'{}\0'), ("text behind", b'{"sub":"alice"}x'),
        ("object behind", b'{}{}'), ("comma behind", b'{"sub":"alice",}'), ("comment", b'{/**/}'), ("single quotes", b"{'sub':'alice'}"),
        ("array", b'[]'), ("array of objects", b'[{"sub":"alice"}]'), ("string", b'"alice"'), ("number", b'1'), ("null", b'null'), ("true", b'true'),
        ("white space", b' '), ("open", b'{"sub":"alice"'), ("exp 1e400", b'{"exp":1e400}'), ("exp -1e400", b'{"exp":-1e400}'),
        ("exp of 100 digits", b'{"exp":' + b"9" * 100 + b"}"), ("exp NaN", b'{"exp":NaN}'), ("exp Infinity", b'{"exp":Infinity}'),
        ("deep", b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"), ("very deep", b"[" * 20000), ("control character", b'{"sub":"a\nb"}'),
        ("a token", good.encode()),
    ]
] + [
    ("header: " + name, odd(raw_header=data), "token_header_malformed") for name, data in [
        ("duplicate alg", b'{"alg":"none","alg":"RS256","kid":"k"}'), ("duplicate alg, other order", b'{"alg":"RS256","alg":"none","kid":"k"}'),
        ("duplicate alg by escape", b'{"alg":"RS256","\\u0061lg":"none","kid":"k"}'), ("duplicate kid", b'{"alg":"RS256","kid":"k","kid":"k"}'),
        ("UTF-16", '{"alg":"RS256","kid":"k"}'.encode("utf-16")), ("byte-order mark", b'\xef\xbb\xbf{"alg":"RS256","kid":"k"}'), ("array", b'["RS256"]'),
        ("text behind", b'{"alg":"RS256","kid":"k"}x'), ("kid a number", b'{"alg":"RS256","kid":1}'), ("kid null", b'{"alg":"RS256","kid":null}'),
        ("kid a list", b'{"alg":"RS256","kid":["k"]}'), ("typ a number", b'{"alg":"RS256","kid":"k","typ":1}'), ("typ null", b'{"alg":"RS256","kid":"k","typ":null}'),
        ("typ a list", b'{"alg":"RS256","kid":"k","typ":["JWT"]}'), ("empty object", b'{}'), ("alg with another case", b'{"Alg":"RS256","kid":"k"}'),
        ("not JSON", b'alg=RS256'),
    ]
])

# C2: a JWE where none was agreed on.
group("encrypted tokens", "C2", [jwk(rsa2048, kid="k")], [
    ("RSA-OAEP", ".".join([b64('{"alg":"RSA-OAEP","enc":"A256GCM"}'), b64(b"k" * 256), b64(b"i" * 12), b64(b"c" * 40), b64(b"t" * 16)]), "token_encrypted"),
    ("dir", ".".join([b64('{"alg":"dir","enc":"A128CBC-HS256"}'), "", b64(b"i" * 16), b64(b"c" * 48), b64(b"t" * 16)]), "token_encrypted"),
])

# C5: critical extensions.
def critical(**members):
    return odd(header=json.dumps({"alg": "RS256", "kid": "k", **members}))

group("crit and b64", "C5", [jwk(rsa2048, kid="k")], [
    ("crit b64, true", critical(crit=["b64"], b64=True), "token_critical_header"),
    ("crit b64, false", critical(crit=["b64"], b64=False), "token_critical_header"),
    ("b64 false, not critical", critical(b64=False), "token_critical_header"),
    ("b64 a string", critical(b64="true"), "token_critical_header"),
    ("b64 null", critical(b64=None), "token_critical_header"),
    ("b64 true, not critical", critical(b64=True), "valid"),
    ("crit empty", critical(crit=[]), "token_critical_header"),
    ("crit a string", critical(crit="exp"), "token_critical_header"),
    ("crit null", critical(crit=None), "token_critical_header"),
    ("crit an object", critical(crit={"exp": 1}), "token_critical_header"),
    ("crit names a missing header", critical(crit=["exp"]), "token_critical_header"),
    ("crit names a present one", critical(crit=["exp"], exp=1), "token_critical_header"),
    ("crit names alg", critical(crit=["alg"]), "token_critical_header"),
    ("crit twice the same", critical(crit=["b64", "b64"], b64=True), "token_critical_header"),
    ("crit with a number", critical(crit=[1]), "token_critical_header"),
    ("crit with an empty name", critical(crit=[""]), "token_critical_header"),
    ("an extension that is not critical", critical(ext={"a": [1]}), "valid"),
])

# C6: keys that the token brings along.
def bringing(**members):
    header = json.dumps({"alg": "RS256", "kid": "k", **members})
    return token("RS256", other2048, header=header)

mine = jwk(other2048, kid="k")
group("keys brought along in the header", "C6", [jwk(rsa2048, kid="k")], [
    ("jwk", bringing(jwk=mine), "token_signature_invalid"),
    ("jwk without kid", token("RS256", other2048, header=json.dumps({"alg": "RS256", "jwk": jwk(other2048)})), "token_signature_invalid_without_kid"),
    ("jku", bringing(jku="http://127.0.0.1:1/jwks"), "token_signature_invalid"),
    ("jku as a data URL", bringing(jku="data:application/json," + json.dumps({"keys": [mine]})), "token_signature_invalid"),
    ("x5u", bringing(x5u="http://127.0.0.1:1/cert"), "token_signature_invalid"),
    ("x5c", bringing(x5c=["MIIB"]), "token_signature_invalid"),
    ("x5t", bringing(x5t="AAAAAAAAAAAAAAAAAAAAAAAAAAA"), "token_signature_invalid"),
    ("all of them beside a good signature", odd(header=json.dumps({
        "alg": "RS256", "kid": "k", "jwk": mine, "jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/", "x5c": ["MIIB"], "x5t": "AA"})), "valid"),
])

# C8, C9: which key.
def keyed(**members):
    return jwk(rsa2048, **members)

decoys = [
    jwk(p256, kid="k"), jwk(ed, kid="k"), jwk(other2048, kid="k", use="enc"), jwk(other2048, kid="k", alg="PS256"),
    jwk(other2048, kid="k", key_ops=["encrypt"]), jwk(other2048, kid="other"), {"kty": "oct", "k": "AAAA", "kid": "k"}, {"kty": "new", "kid": "k"},
]
group("decoys of the same kid", "C8", decoys + [keyed(kid="k")], [
    ("RS256", token("RS256", rsa2048), "valid"), ("ES256", token("ES256", p256), "valid"), ("EdDSA", token("EdDSA", ed), "valid"),
    ("signed with the decoy for encryption", token("RS256", other2048), "token_signature_invalid"),
])
group("two keys of one kid and one kind", "C8", [jwk(other2048, kid="k"), keyed(kid="k")], [("the second", token("RS256", rsa2048), "valid")])
for name, members, outcome in [
    ("use enc", {"use": "enc"}, "token_key_unknown"), ("use sig", {"use": "sig"}, "valid"), ("use SIG", {"use": "SIG"}, "token_key_unknown"),
    ("use of our own", {"use": "x"}, "token_key_unknown"), ("key_ops verify", {"key_ops": ["verify"]}, "valid"),
    ("key_ops sign and verify", {"key_ops": ["sign", "verify"]}, "valid"), ("key_ops encrypt", {"key_ops": ["encrypt"]}, "token_key_unknown"),
    ("key_ops empty", {"key_ops": []}, "token_key_unknown"), ("key_ops a string", {"key_ops": "verify"}, "token_key_unknown"),
    ("alg equal", {"alg": "RS256"}, "valid"), ("alg PS256", {"alg": "PS256"}, "token_key_unknown"), ("alg in lower case", {"alg": "rs256"}, "token_key_unknown"),
    ("alg RSA-OAEP", {"alg": "RSA-OAEP"}, "token_key_unknown"), ("members nobody knows", {"x": 1, "ext": True, "x5c": ["MIIB"]}, "valid"),
    ("use a number", {"use": 1}, "token_key_unknown"), ("a private key", {"d": "AQAB"}, "token_key_unknown"),
]:
    group("key with " + name, "C8", [keyed(kid="k", **members)], [("RS256", token("RS256", rsa2048), outcome)])
group("kid", "C8", [keyed(kid="k")], [
    ("another", token("RS256", rsa2048, kid="x"), "token_key_unknown"), ("another case", token("RS256", rsa2048, kid="K"), "token_key_unknown"),
    ("longer", token("RS256", rsa2048, kid="kk"), "token_key_unknown"),
    ("empty", token("RS256", rsa2048, header='{"alg":"RS256","kid":""}'), "token_key_unknown"),
    ("a path", token("RS256", rsa2048, kid="../../k"), "token_key_unknown"), ("SQL", token("RS256", rsa2048, kid="k' OR '1'='1"), "token_key_unknown"),
    ("absent", token("RS256", rsa2048, kid=None), "valid"),
])
group("kid is compared by bytes", "C8", [keyed(kid="K\u00e9")], [
    ("the same", token("RS256", rsa2048, kid="K\u00e9"), "valid"),
    ("Kelvin sign", token("RS256", rsa2048, kid="\u212a\u00e9"), "token_key_unknown"),
    ("decomposed", token("RS256", rsa2048, kid="Ke\u0301"), "token_key_unknown"),
])
group("keys without kid", "C8", [keyed()], [("token with kid", token("RS256", rsa2048), "token_key_unknown"), ("token without", token("RS256", rsa2048, kid=None), "valid")])
many = [jwk(ec.generate_private_key(ec.SECP256R1()), kid=str(i)) for i in range(9)]
group("no kid and ten keys", "C9", many + [jwk(p256, kid="p")], [
    ("the tenth", token("ES256", p256, kid=None), "valid"), ("a stranger", token("ES256", k256, kid=None, sign=lambda d: raw_ecdsa(k256, d, hashes.SHA256(), 32)), "token_signature_invalid_without_kid"),
])
group("no kid and too many keys", "C9", many + [jwk(ec.generate_private_key(ec.SECP256R1()), kid="10"), jwk(p256, kid="9")], [
    ("the eleventh is not tried", token("ES256", p256, kid=None), "token_signature_invalid_without_kid"), ("but found by kid", token("ES256", p256, kid="9"), "valid"),
])
group("no key at all", "C10", [], [("RS256", token("RS256", rsa2048), "token_key_unknown"), ("without kid", token("RS256", rsa2048, kid=None), "token_key_unknown")])
group("the keys of another issuer", "C43", [jwk(other2048, kid="k")], [("same kid, other key", token("RS256", rsa2048), "token_signature_invalid")])

# C42: a mixed set.
x, y = jwk(p256)["x"], jwk(p256)["y"]
group("a set with every kind of broken key", "C42", [
    {"kty": "oct", "k": "AAAA"}, {"kty": "EC", "crv": "P-257", "x": x, "y": y}, {"kty": "EC", "crv": "P-256", "x": x, "y": x}, {"kty": "EC", "crv": "P-256", "x": x},
    {"kty": "EC", "crv": "P-256", "x": x + "=", "y": y}, {"kty": "EC", "x": x, "y": y}, {"kty": "RSA"}, {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
    {"kty": "RSA", "n": jwk(rsa2048)["n"], "e": "AQ"}, {"kty": "RSA", "n": jwk(rsa2048)["n"], "e": 65537}, {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
    {"kty": "OKP", "crv": "X25519", "x": jwk(ed)["x"]}, {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, {}, {"kty": 1}, {"kty": "rsa"}, 1, None, "key", [],
    jwk(p384, kid="k", d="AAAA"), jwk(rsa1024, kid="k"), keyed(kid="k"),
], [("RS256", token("RS256", rsa2048), "valid"), ("ES384 with the leaked key", token("ES384", p384), "token_key_unknown")])

with open("signatures.json", "w", encoding="utf-8") as file:
    json.dump({"groups": groups}, file, ensure_ascii=False, indent=1)
    file.write("\n")
print(sum(len(g["tests"]) for g in groups), "tokens in", len(groups), "groups")
