"""Columns that derive from a name, and the shape of a login name."""

import re
import unicodedata

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.text import pinyin, simplified

LOGIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{2,63}")


def columns(name: str, *, surname: bool = True) -> dict[str, str]:
    """`simplified`, `sort_key` and `initials` of a person (or, with surname=False, a department)."""
    reading = pinyin(name, surname=surname)
    return {
        "simplified": simplified(name),
        "sort_key": reading.sort_key,
        "initials": reading.initials,
    }


def clean_login_name(raw: str) -> str:
    """The login name as it is kept.

    Raises Invalid when it is not 3 to 64 Latin letters, digits and . _ @ + - (look-alikes of other
    alphabets would let one login name pass for another).
    """
    value = unicodedata.normalize("NFKC", raw).strip()
    if not LOGIN_NAME.fullmatch(value):
        raise Invalid(
            _(
                "A login name has 3 to 64 letters, digits or . _ @ + - and begins with a letter or digit"
            ),
            field="username",
        )
    return value
