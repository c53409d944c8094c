"""Where the gateway may speak to, and where browsers are sent to log in (SECURITY T69).

The address comes from the environment alone. WeCom's own host is spoken to by https, so that its certificate says who
answers; a stand-in on this machine only where that is allowed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

OFFICIAL: Final = frozenset({"qyapi.weixin.qq.com"})


@dataclass(frozen=True, slots=True)
class Place:
    """One WeCom: its API, and its two login pages."""

    api: str
    authorize: str
    scan: str
    loopback: bool


def problem(base: str, *, loopback: bool) -> str:
    """Why this is not an address to speak to; "" where it is."""
    parts = urlsplit(base)
    try:
        port = parts.port
    except ValueError:
        port = 0
    bare = base == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc
    if bare and parts.scheme == "https" and parts.hostname in OFFICIAL and port in (None, 443):
        return ""
    if not (bare and parts.scheme == "http" and _this_machine(parts.hostname or "") and port):
        return _(
            "WECOM_API_BASE must be https://qyapi.weixin.qq.com or a stand-in on this machine."
        )
    if not loopback:
        return _("A stand-in on this machine needs WECOM_ALLOW_LOOPBACK=1.")
    return ""


def _this_machine(host: str) -> bool:
    """Written as an address in full: a name could be made to mean something else, and so could 127.1 or 0x7f000001."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def place() -> Place:
    """The WeCom of the settings. Raises ValueError with a sentence where the address is none of those allowed."""
    base = settings.WECOM_API_BASE
    if wrong := problem(base, loopback=settings.WECOM_ALLOW_LOOPBACK):
        raise ValueError(wrong)
    near = base.startswith("http://")
    return Place(
        api=base,
        authorize=f"{base if near else 'https://open.weixin.qq.com'}/connect/oauth2/authorize",
        scan=f"{base if near else 'https://login.work.weixin.qq.com'}/wwlogin/sso/login",
        loopback=near,
    )
