"""Callbacks: signature, freshness, decryption and receiver, with one error for whatever is wrong (SECURITY T63 to T66).

wechatpy's own class knows one receiver, compares with !=, checks no time and raises half a dozen kinds of errors on
garbage (M12, M13), so only its cipher and its signer are used.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from defusedxml.ElementTree import fromstring
from wechatpy.crypto.base import WeChatCipher
from wechatpy.utils import WeChatSigner

from wecom_sync.gateway.errors import CallbackRefused
from wecom_sync.gateway.events import Event, parse

log = logging.getLogger(__name__)

FRESH_SECONDS: Final = 300
MAX_BODY: Final = 64 * 1024
BLOCK: Final = 32
TIMESTAMP: Final = re.compile(r"[0-9]{10}")
# Short enough that no whole blocks can move between it and the ciphertext: both are signed without a separator (M12).
NONCE: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
TOKEN: Final = re.compile(r"[0-9A-Za-z]{3,32}")
AES_KEY: Final = re.compile(r"[0-9A-Za-z]{43}")


@dataclass(frozen=True, slots=True)
class CallbackKey:
    """Token and EncodingAESKey of one app's callback address. Raises ValueError where they cannot be such."""

    token: str = field(repr=False)
    aes_key: str = field(repr=False)

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.token) or not AES_KEY.fullmatch(self.aes_key):
            raise ValueError("token: 3 to 32, key: 43 letters and digits")


@dataclass(frozen=True, slots=True)
class Signed:
    """What stands in the address of a callback."""

    signature: str
    timestamp: str
    nonce: str


def is_signed(key: CallbackKey, signed: Signed, *, echo: str = "", body: bytes = b"") -> bool:
    """Whether this key has signed it within the last minutes; nothing is opened, nothing stands in the log."""
    try:
        _check(key, signed, echo or _encrypted(body), None)
    except Exception:  # noqa: BLE001  # as below
        return False
    return True


def open_echo(
    key: CallbackKey,
    receivers: Collection[str],
    signed: Signed,
    echo: str,
    *,
    now: float | None = None,
) -> str:
    """The text with which the check of the address is answered, as it is, within a second. Raises CallbackRefused."""
    try:
        text = _opened(key, receivers, signed, echo, now)[0]
        if text.lstrip().startswith("<"):  # an event: who caught one would read it here
            raise ValueError("event")
        return text
    except Exception as error:  # noqa: BLE001  # hostile input fails in many ways, and one answer is given to all
        why = error
    raise _refused(why)


def open_event(
    key: CallbackKey,
    receivers: Collection[str],
    signed: Signed,
    body: bytes,
    *,
    now: float | None = None,
) -> Event:
    """The event in a callback. `receivers`: the corp itself and the downstream corps that are known; the event's own
    `corpid` says whose it is. Raises CallbackRefused, for which one constant answer is given.
    """
    try:
        xml, replay = _opened(key, receivers, signed, _encrypted(body), now)
        return parse(xml, replay=replay, mark=hashlib.sha256(xml.encode()).hexdigest())
    except Exception as error:  # noqa: BLE001  # as above
        why = error
    raise _refused(why)


def _refused(why: Exception) -> CallbackRefused:
    log.info("callback refused: %s", type(why).__name__)
    return CallbackRefused()


def _encrypted(body: bytes) -> str:
    if len(body) > MAX_BODY:
        raise ValueError("size")
    return str(fromstring(body, forbid_dtd=True).findtext("Encrypt") or "")


def _opened(
    key: CallbackKey, receivers: Collection[str], signed: Signed, encrypted: str, now: float | None
) -> tuple[str, str]:
    """The text, and the digest of the ciphertext."""
    _check(key, signed, encrypted, now)
    ciphertext = base64.b64decode(encrypted, validate=True)
    return _decrypted(key, ciphertext, receivers), hashlib.sha256(ciphertext).hexdigest()


def _check(key: CallbackKey, signed: Signed, encrypted: str, now: float | None) -> None:
    """Digits, age and signature, in this order; raises ValueError."""
    if not TIMESTAMP.fullmatch(signed.timestamp) or not NONCE.fullmatch(signed.nonce):
        raise ValueError("marks")
    if abs((time.time() if now is None else now) - int(signed.timestamp)) > FRESH_SECONDS:
        raise ValueError("age")
    if not hmac.compare_digest(
        _signature(key, signed, encrypted).encode(), signed.signature.encode()
    ):
        raise ValueError("signature")


def _signature(key: CallbackKey, signed: Signed, encrypted: str) -> str:
    signer = WeChatSigner()
    signer.add_data(key.token, signed.timestamp, signed.nonce, encrypted)
    return str(signer.signature)


def _decrypted(key: CallbackKey, ciphertext: bytes, receivers: Collection[str]) -> str:
    """Sixteen random bytes, a length, the text, the receiver, padding: all of it must add up."""
    if not ciphertext or len(ciphertext) % BLOCK:
        raise ValueError("blocks")
    plain = WeChatCipher(base64.b64decode(key.aes_key + "=")).decrypt(ciphertext)
    padding = plain[-1]
    if not 1 <= padding <= BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise ValueError("padding")
    content = plain[16:-padding]
    ends = 4 + int.from_bytes(content[:4], "big")
    # A length that does not fit leaves no receiver.
    text, receiver = content[4:ends], content[ends:]
    known = [hmac.compare_digest(receiver, one.encode()) for one in receivers if one]
    if not any(known):
        raise ValueError("receiver")
    return str(text, "utf-8")
