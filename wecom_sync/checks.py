"""What is wrong with the settings of 企业微信, told before anything starts (SECURITY T69)."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from wecom_sync.gateway import hosts


def address_is_allowed(**_kwargs: Any) -> list[CheckMessage]:
    """WECOM_API_BASE names a host of WeCom, or a stand-in on this machine where that is allowed."""
    wrong = hosts.problem(settings.WECOM_API_BASE, loopback=settings.WECOM_ALLOW_LOOPBACK)
    return [Error(wrong, id="wecom_sync.E001")] if wrong else []
