"""A push service on loopback, with a certificate of its own; it keeps what arrives and opens it like a browser."""

from __future__ import annotations

import datetime
import ipaddress
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from im.channels import webpush

AUTH = bytes(range(16))


def certificate(folder: Path) -> Path:
    """A file with key and certificate for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "push")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=400))
        .not_valid_after(now + datetime.timedelta(days=4000))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "push.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(plain + made.public_bytes(Encoding.PEM))
    return file


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What a browser reads of a body (RFC 8291), written down independently of what seals it."""
    salt, size, n = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender, sealed = body[21 : 21 + n], body[21 + n :]
    assert size >= len(sealed)
    shared = key.exchange(
        ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(webpush.CURVE, sender)
    )

    def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)

    secret = hkdf(shared, auth, b"WebPush: info\0" + webpush.point(key) + sender, 32)
    record = AESGCM(hkdf(secret, salt, b"Content-Encoding: aes128gcm\0", 16)).decrypt(
        hkdf(secret, salt, b"Content-Encoding: nonce\0", 12), sealed, None
    )
    text, mark, _rest = record.rstrip(b"\0").rpartition(b"\x02")
    assert mark
    return text


def proved(header: str, audience: str) -> dict[str, Any]:
    """The claims of an Authorization header, once its signature has been checked."""
    scheme, _space, rest = header.partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _dot, signature = parts["t"].rpartition(".")
    raw = webpush.decode(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(webpush.CURVE, webpush.decode(parts["k"]))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(webpush.decode(signed.split(".")[1]))
    assert scheme == "vapid"
    assert claims["aud"] == audience
    return claims


class Service:
    """Listens until it is closed. `answer` is what it says; every request is kept."""

    def __init__(self, pem: Path) -> None:
        self.answer, self.got = 201, []  # type: int, list[tuple[str, dict[str, str], bytes]]
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                service.got.append((self.path, dict(self.headers), body))
                self.send_response(service.answer)
                if 300 <= service.answer < 400:
                    self.send_header("Location", f"{service.url}/moved")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
