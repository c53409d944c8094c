"""Pages of ours as 企业微信 opens them, and where it calls: on BASE_URL and no other host (SECURITY T48)."""

from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from wecom_sync.models import Connection


def opening(connection: Connection, url: str) -> str:
    """A page of ours as 企业微信 opens it: where people log in with it, without a log-in page in between."""
    if not connection.login:
        return url
    begin = settings.BASE_URL + reverse("wecom-login:begin", args=[connection.pk])
    return f"{begin}?{urlencode({'next': url.removeprefix(settings.BASE_URL)})}"


def callback(connection: Connection) -> str:
    """Where 企业微信 is to call; no secret."""
    return settings.BASE_URL + reverse("wecom-callback:callback", args=[connection.pk])


def card_page(connection: Connection, kind: str, ref: int) -> str:
    """The page of a card."""
    return opening(connection, settings.BASE_URL + reverse(settings.IM_CARDS[kind], args=[ref]))
