"""Web Push: the browsers that somebody has subscribed, through the push services of their makers.

What travels names nobody: how much waits, in his language, and where to look. Only hosts of settings.PUSH_HOSTS are
spoken to, by https, redirects not followed (SECURITY T69): an address comes from a browser, so from anybody.
"""

from __future__ import annotations

import datetime
import http.client
import json
import ssl
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import secrets
from im.channel_models import PushKey, PushSubscription, Rhythm, Topic
from im.channels import Away, Later, Refused, address, webpush

if TYPE_CHECKING:
    from accounts.models import User
    from core.ui import Text
    from im.channels import Summary

SECONDS: Final = 5.0
KEEP_SECONDS: Final = 24 * 3600
# A browser whose push service refuses so often is forgotten.
MAX_FAILURES: Final = 5
GONE: Final = (404, 410)
BUSY: Final = 429


class PushChannel:
    """Everything at once, from the moment a browser is subscribed."""

    key = "push"
    label = gettext_lazy("In the browser")
    icon = "device-desktop"
    grace = datetime.timedelta(seconds=10)
    pause = datetime.timedelta(minutes=1)

    def configured(self) -> bool:
        return bool(settings.PUSH_HOSTS)

    def reaches(self) -> Q:
        return Q(Exists(PushSubscription.objects.filter(user_id=OuterRef("pk"))))

    def why_not(self, user: User) -> Text:
        if not self.configured():
            return _("This installation sends nothing to browsers.")
        return "" if self.available(user) else _("No browser is subscribed yet.")

    def default(self, topic: Topic) -> Rhythm:
        return Rhythm.NOW

    def available(self, user: User) -> bool:
        return self.configured() and PushSubscription.objects.filter(user=user).exists()

    def deliver(self, user: User, summary: Summary) -> None:
        """To each of his browsers; enough when one of them takes it."""
        answers = [_send(row, _payload(user, summary)) for row in _rows(user)]
        if any(answer is not None and answer < 300 for answer in answers):
            return
        if answers and all(answer is None for answer in answers):
            raise Away
        if any(answer is None or answer == BUSY or answer >= 500 for answer in answers):
            raise Later
        raise Refused


def _rows(user: User) -> list[PushSubscription]:
    rows = list(PushSubscription.objects.filter(user=user).order_by("pk"))
    return [row for row in rows if allowed(row.endpoint)]


def allowed(endpoint: str) -> bool:
    """Whether this is the address of a push service we speak to: https, a host of the list, nothing odd."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not plain or parts.scheme != "https" or parts.username is not None or parts.fragment:
        return False
    known = any(
        host == one or (one.startswith("*.") and host.endswith(one[1:]))
        for one in settings.PUSH_HOSTS
    )
    return known and (port in (None, 443) or host == "127.0.0.1")


def _payload(user: User, summary: Summary) -> bytes:
    with translation.override(user.language):
        words = {
            "title": _("Wailian"),
            "body": " ".join(render_to_string("im/push.txt", {"summary": summary}).split()),
            "url": urlsplit(address(user, "index")).path,
            "lang": translation.get_language(),
        }
    return json.dumps(words, ensure_ascii=False).encode()


def _send(row: PushSubscription, payload: bytes) -> int | None:
    """The answer of the push service; None when it could not be reached. What is gone is forgotten."""
    to = webpush.Receiver.read(row.p256dh, row.auth)
    try:
        answer = _post(row.endpoint, webpush.encrypt(payload, to))
    except (OSError, http.client.HTTPException):
        return None
    mine = PushSubscription.objects.filter(pk=row.pk)
    if answer in GONE:
        mine.delete()
    elif answer < 300:
        mine.filter(failures__gt=0).update(failures=0)
    elif answer != BUSY and answer < 500:
        mine.update(failures=F("failures") + 1)
        mine.filter(failures__gte=MAX_FAILURES).delete()
    return answer


def _post(endpoint: str, body: bytes) -> int:
    parts = urlsplit(endpoint)
    mail = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    headers: dict[str, Any] = {
        "Authorization": webpush.authorization(
            endpoint, key=private_key(), contact=f"mailto:{mail}"
        ),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(KEEP_SECONDS),
        # One that still waits for the browser is replaced, not followed.
        "Topic": "waiting",
    }
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection = http.client.HTTPSConnection(
        parts.hostname or "", parts.port, timeout=SECONDS, context=ssl.create_default_context()
    )
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def key_pair() -> PushKey:
    """The pair of this installation, made on first use. One that cannot be read any more (another SECRETS_KEY) is
    replaced, and the browsers that know it are forgotten.
    """
    row = PushKey.objects.first()
    return row if row is not None and _readable(row) else _made()


def _readable(row: PushKey) -> bool:
    try:
        secrets.decrypt(bytes(row.ciphertext))
    except secrets.Unreadable:
        return False
    return True


@transaction.atomic
def _made() -> PushKey:
    for row in PushKey.objects.select_for_update():
        if _readable(row):
            return row
        row.delete()
        PushSubscription.objects.all().delete()
    key = webpush.new_key()
    number = format(key.private_numbers().private_value, "x")
    made = {"public": webpush.encode(webpush.point(key)), "ciphertext": secrets.encrypt(number)}
    return PushKey.objects.get_or_create(pk=1, defaults=made)[0]


def private_key() -> ec.EllipticCurvePrivateKey:
    """Its private half."""
    number = int(secrets.decrypt(bytes(key_pair().ciphertext)), 16)
    return ec.derive_private_key(number, webpush.CURVE)
