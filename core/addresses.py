"""Addresses by the hundred: a tree of three hundred lines needs twice as many, and searching the map for them took
longer than all queries of the page.
"""

from functools import cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse


def address(name: str, number: int) -> str:
    """As `reverse(name, args=[number])`, for names whose one argument is a number, not below zero.

    Raises NoReverseMatch.
    """
    before, after = _around(name, get_urlconf() or settings.ROOT_URLCONF, get_script_prefix())
    return f"{before}{number}{after}"


@cache
def _around(name: str, urlconf: str, _prefix: str) -> tuple[str, str]:
    """What stands before and after the number. The map does not change while the process lives."""
    before, _zero, after = reverse(name, urlconf=urlconf, args=[0]).rpartition("0")
    return before, after
