"""The host's tokens, made in bulk: HS256 for Connect, RS256 by way of libcrypto for Forge."""
import base64
import concurrent.futures
import ctypes
import ctypes.util
import hashlib
import hmac
import json
import os
import subprocess
import urllib.parse

FORGE_APP = "ari:cloud:ecosystem::app/8db33309-8f3a-4f5c-9d0a-3f1f0c8e7a11"
FORGE_KEY_ID = "bench-key-1"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def segment(value):
    return base64url(json.dumps(value, separators=(",", ":")).encode())


def query_hash(method, path, parameters):
    """The qsh of a call: SHA-256 of method, path and sorted parameters, each encoded by RFC 3986."""
    encode = lambda text: urllib.parse.quote(text, safe="-_.~")
    query = "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters))
    return hashlib.sha256(f"{method}&{path}&{query}".encode()).hexdigest()


def host_token(client_key, secret, method, path, parameters, now, lifetime=36_000):
    """A token made for one call."""
    return signed(client_key, secret, query_hash(method, path, parameters), now, lifetime)


def context_token(client_key, secret, now, lifetime=36_000):
    """A token for the browser's own calls."""
    return signed(client_key, secret, "context-qsh", now, lifetime)


def signed(client_key, secret, qsh, now, lifetime):
    claims = {"sub": "5b10ac8d82e05b22cc7d4ef5", "qsh": qsh, "iss": client_key, "context": {}, "exp": now + lifetime,
              "iat": now}
    text = segment({"typ": "JWT", "alg": "HS256"}) + "." + segment(claims)
    return text + "." + base64url(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())


class ForgeSigner:
    """Signs Forge invocation tokens with a key pair of its own, and knows the key set that a host would serve."""

    def __init__(self, folder):
        self.key_file = os.path.join(folder, "forge.pem")
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                        "-out", self.key_file], check=True, stderr=subprocess.DEVNULL)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key_file, "-noout", "-modulus"], check=True,
                                 capture_output=True, text=True).stdout.strip().split("=")[1]
        self.key_set = {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": FORGE_KEY_ID, "e": "AQAB",
                                  "n": base64url(bytes.fromhex(modulus))}]}

    def sign_all(self, claims):
        """One token for each set of claims, on all cores."""
        workers = os.cpu_count() or 1
        size = max(1, -(-len(claims) // workers))
        parts = [claims[start:start + size] for start in range(0, len(claims), size)]
        with concurrent.futures.ProcessPoolExecutor(workers) as pool:
            return [token for part in pool.map(_sign_part, [self.key_file] * len(parts), parts) for token in part]


def forge_claims(installation, number, now, lifetime=36_000):
    return {"aud": FORGE_APP, "iss": "forge/invocation-token", "iat": now, "nbf": now, "exp": now + lifetime,
            "jti": f"{number:032x}",
            "app": {"installationId": installation, "id": FORGE_APP,
                    "apiBaseUrl": "https://api.atlassian.com/ex/jira/0",
                    "appVersion": "3.1.0", "environment": {"type": "PRODUCTION", "id": "ari:cloud:ecosystem::env/1"},
                    "module": {"type": "xen:macro", "key": "hello-world"}},
            "context": {"cloudId": "db48ed22-0d6f-4a44-bca3-4d1c9bdf3b06", "moduleKey": "hello-world"},
            "principal": "5b10ac8d82e05b22cc7d4ef5"}


def _sign_part(key_file, claims):
    crypto = ctypes.CDLL(ctypes.util.find_library("crypto"))
    for name in ("BIO_new_mem_buf", "PEM_read_bio_PrivateKey", "EVP_MD_CTX_new", "EVP_sha256"):
        getattr(crypto, name).restype = ctypes.c_void_p
    with open(key_file, "rb") as file:
        pem = file.read()
    source = ctypes.c_void_p(crypto.BIO_new_mem_buf(pem, len(pem)))
    key = ctypes.c_void_p(crypto.PEM_read_bio_PrivateKey(source, None, None, None))
    digest = ctypes.c_void_p(crypto.EVP_sha256())
    context = ctypes.c_void_p(crypto.EVP_MD_CTX_new())
    head = segment({"typ": "JWT", "alg": "RS256", "kid": FORGE_KEY_ID})
    signature, tokens = ctypes.create_string_buffer(512), []
    for claim in claims:
        text = head + "." + segment(claim)
        size = ctypes.c_size_t(len(signature))
        crypto.EVP_MD_CTX_reset(context)
        if crypto.EVP_DigestSignInit(context, None, digest, None, key) != 1 or crypto.EVP_DigestSign(
                context, signature, ctypes.byref(size), text.encode(), ctypes.c_size_t(len(text))) != 1:
            raise RuntimeError("libcrypto did not sign")
        tokens.append(text + "." + base64url(signature.raw[:size.value]))
    return tokens
