"""What a push service takes: the encrypted body (RFC 8291, RFC 8188) and the signature of the sender (RFC 8292).

The primitives are those of `cryptography`; the libraries for this have no wheel or bring an HTTP client each (ADR 15).
"""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CURVE: Final = ec.SECP256R1()
RECORD: Final = 4096
# Everything we send has one length, so that the length says nothing.
PADDED: Final = 1024
VALID_SECONDS: Final = 12 * 3600


def encode(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of `encode`; raises ValueError for anything else."""
    if not (text.isascii() and set(text) <= _ALPHABET):
        raise ValueError("not URL-safe base64")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key pair on the curve that push services take."""
    return ec.generate_private_key(CURVE)


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Its public half, as it travels."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass(frozen=True, slots=True)
class Receiver:
    """The keys of one browser."""

    p256dh: bytes
    auth: bytes

    @classmethod
    def read(cls, p256dh: str, auth: str) -> Receiver:
        """The keys as a browser gives them; raises ValueError for what are none."""
        found = cls(decode(p256dh), decode(auth))
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, found.p256dh)
        if len(found.auth) != 16:
            raise ValueError("the secret of a subscription has 16 bytes")
        return found


def encrypt(
    text: bytes,
    to: Receiver,
    *,
    key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
    padded: int = PADDED,
) -> bytes:
    """`text` as only this browser reads it, filled up to `padded` bytes. `key` and `salt` are for tests alone."""
    mine, salt = key or new_key(), salt or os.urandom(16)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to.p256dh)
    shared = mine.exchange(ec.ECDH(), theirs)
    context = b"WebPush: info\0" + to.p256dh + point(mine)
    secret = _derive(shared, salt=to.auth, info=context, length=32)
    content = _derive(secret, salt=salt, info=b"Content-Encoding: aes128gcm\0", length=16)
    nonce = _derive(secret, salt=salt, info=b"Content-Encoding: nonce\0", length=12)
    record = text + b"\x02" + bytes(max(0, padded - len(text) - 1))
    sender = point(mine)
    head = salt + RECORD.to_bytes(4, "big") + bytes([len(sender)]) + sender
    return head + AESGCM(content).encrypt(nonce, record, None)


def _derive(secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def authorization(endpoint: str, *, key: ec.EllipticCurvePrivateKey, contact: str) -> str:
    """The header that proves to the push service of `endpoint` who sends; `contact` is a mailto: or https: address."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + VALID_SECONDS,
        "sub": contact,
    }
    signed = f"{_json({'typ': 'JWT', 'alg': 'ES256'})}.{_json(claims)}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return f"vapid t={signed}.{signature}, k={encode(point(key))}"


def _json(value: dict[str, object]) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())
