"""Callbacks as WeCom sends them (doc 90930, 90968), and as others would: replayed, re-split, old, forged, broken.

Written apart from the gateway on purpose: each proves the other.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import ipaddress
import os
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from wecom_sync.standin.world import App

VARIANTS = ("plain", "replay", "resplit", "old", "forged", "receiver", "garbage", "doctype")
BLOCK, ANSWER_SECONDS, TRIES, PAUSE_SECONDS = 32, 5.0, 3, 5.0
OLD_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Push:
    """One signed and encrypted callback."""

    timestamp: str
    nonce: str
    encrypted: str
    signature: str
    agentid: int
    corpid: str

    @property
    def query(self) -> str:
        return urlencode(
            {"msg_signature": self.signature, "timestamp": self.timestamp, "nonce": self.nonce}
        )

    @property
    def body(self) -> bytes:
        return (
            f"<xml><ToUserName><![CDATA[{self.corpid}]]></ToUserName><AgentID><![CDATA[{self.agentid}]]></AgentID>"
            f"<Encrypt><![CDATA[{self.encrypted}]]></Encrypt></xml>"
        ).encode()


def signature(token: str, *parts: str) -> str:
    """Sorted and joined without separators, as documented."""
    return hashlib.sha1(
        "".join(sorted([token, *parts])).encode(), usedforsecurity=False
    ).hexdigest()


def encrypt(aes_key: str, text: bytes, receiver: str) -> str:
    """Sixteen random bytes, length, text, receiver, padded to 32."""
    key = base64.b64decode(aes_key + "=")
    plain = os.urandom(16) + len(text).to_bytes(4, "big") + text + receiver.encode()
    padding = BLOCK - len(plain) % BLOCK
    return _ciphered(key, plain + bytes([padding]) * padding)


def _ciphered(key: bytes, plain: bytes) -> str:
    writer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(writer.update(plain) + writer.finalize()).decode()


def xml_of(fields: dict[str, Any]) -> bytes:
    """Inner XML of an event: numbers bare, texts in CDATA, lists as repeated elements of their own names."""
    return f"<xml>{''.join(_element(key, value) for key, value in fields.items())}</xml>".encode()


def _element(key: str, value: Any) -> str:
    if isinstance(value, dict):
        inner = "".join(_element(*item) for item in value.items())
    elif isinstance(value, list):
        inner = "".join(_element(str(one[0]), one[1]) for one in value)
    elif isinstance(value, int):
        inner = str(value)
    else:
        inner = f"<![CDATA[{str(value).replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{escape(key)}>{inner}</{escape(key)}>"


def event(fields: dict[str, Any], *, sender: str = "sys", now: float | None = None) -> bytes:
    """The event with what every event carries."""
    common = {
        "ToUserName": fields.get("ToUserName", ""), "FromUserName": fields.get("FromUserName", sender),
        "CreateTime": int(time.time() if now is None else now), "MsgType": "event",
    }  # fmt: skip
    return xml_of(common | fields)


def push(
    app: App, corpid: str, text: bytes, *, receiver: str = "", timestamp: int = 0, nonce: str = ""
) -> Push:
    """Signed now, for the app's address. receiver: whom the plaintext names, the upstream corp by default."""
    encrypted = encrypt(app.aes_key, text, receiver or corpid)
    when = str(timestamp or int(time.time()))
    nonce = nonce or str(secrets.randbelow(10**9) + 10**9)
    return Push(
        when, nonce, encrypted, signature(app.token, when, nonce, encrypted), app.agentid, corpid
    )


def resplit(app: App, corpid: str, text: bytes, now: int) -> list[Push]:
    """A push, and the same ciphertext under other marks that carry the same signature: nothing separates the parts."""
    while True:
        first = push(app, corpid, text, timestamp=now, nonce=f"9{now + 3}")
        if first.encrypted[
            0
        ].isalpha():  # sorted behind both marks, so that these stand side by side
            break
    again = replace(first, timestamp=str(now + 3), nonce=f"{now}9")
    return [first, again]


def variants(app: App, corpid: str, text: bytes, kind: str) -> list[Push]:
    """The pushes of a variant in order; the last is the one whose answer counts."""
    now = int(time.time())
    if kind == "replay":
        return [push(app, corpid, text)] * 2
    if kind == "resplit":
        return resplit(app, corpid, text, now)
    if kind == "old":
        return [push(app, corpid, text, timestamp=now - OLD_SECONDS)]
    if kind == "forged":
        one = push(app, corpid, text)
        return [Push(one.timestamp, one.nonce, one.encrypted, "0" * 40, app.agentid, corpid)]
    if kind == "receiver":
        return [push(app, corpid, text, receiver="wwsomebodyelse00")]
    if kind == "garbage":
        encrypted, nonce = base64.b64encode(os.urandom(96)).decode(), "1000000001"
        signed = signature(app.token, str(now), nonce, encrypted)
        return [Push(str(now), nonce, encrypted, signed, app.agentid, corpid)]
    if kind == "doctype":
        return [push(app, corpid, b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + text)]
    return [push(app, corpid, text)]


def send(url: str, one: Push) -> int:
    """Posts it; the status, 0 without an answer in five seconds. To this machine only."""
    connection, path = _to(url, ANSWER_SECONDS)
    try:
        connection.request("POST", f"{path}?{one.query}", one.body, {"Content-Type": "text/xml"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def verify(url: str, app: App, corpid: str) -> bool:
    """The check of an address: it must answer the decrypted text as it is, within a second."""
    word = secrets.token_hex(8)
    one = push(app, corpid, word.encode())
    connection, path = _to(url, 1.0)
    try:
        echo = urlencode({"echostr": one.encrypted})
        connection.request("GET", f"{path}?{one.query}&{echo}")
        answer = connection.getresponse()
        return answer.status == 200 and answer.read(1000) == word.encode()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _to(url: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    if not near(parts.hostname or "") or parts.scheme != "http":
        raise ValueError("callbacks go to http on this machine only")
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    return connection, parts.path or "/"


def near(host: str) -> bool:
    """Whether this names this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def deliver(url: str, one: Push) -> int:
    """As WeCom does: three tries in all, five seconds apart, until the answer is 200."""
    status = 0
    for number in range(TRIES):
        if number:
            time.sleep(PAUSE_SECONDS)
        status = send(url, one)
        if status == 200:
            break
    return status
