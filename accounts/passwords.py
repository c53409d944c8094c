"""Passwords: random first ones, the block list, and a check that always takes its time (SECURITY T37, T40, T52)."""

from __future__ import annotations

import datetime
import re
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from core.errors import Invalid

if TYPE_CHECKING:
    from accounts.models import User

# No look-alikes (0 o 1 l i), one case: 31 signs, 4.95 bits each; four groups of five are 99 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 5
MAX_LENGTH = 256
# A first password that somebody chose and told by word of mouth dies after this time unless it was used.
CHOSEN_LIFETIME = datetime.timedelta(days=14)

PRODUCT_WORDS = (
    "wailiantong",
    "wailian",
    "外联通",
    "外部互联",
    "password",
    "passw0rd",
    "admin",
    "welcome",
    "login",
)
WALKS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "abcdefghijklmnopqrstuvwxyz",
)
WALK_LENGTH = 4
LEFT_OVER = 6
# A sentence of Django's length validator that Django's own Chinese catalogue lacks: named here, ours has it.
TOO_SHORT = ngettext_lazy(
    "This password is too short. It must contain at least %d character.",
    "This password is too short. It must contain at least %d characters.",
)
_REPEAT = re.compile(r"(.{1,4}?)\1{2,}")


def generate() -> str:
    """A random password from the system's CSPRNG that meets the policy and can be typed from paper."""
    while True:
        groups = (
            "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
        )
        password = "-".join(groups)
        try:
            validate_password(password)
        except ValidationError:
            continue
        return password


def check(user: User | None, password: str) -> bool:
    """Whether `password` opens `user`; costs one hash for unknown and unusable logins as well (T40)."""
    if user is None:
        make_password(password)
        return False
    return check_password(password, user.password)


def require_good(password: str, *, user: User, field: str = "password") -> None:
    """Raises Invalid with the sentences of all rules that `password` breaks for `user`."""
    if len(password) > MAX_LENGTH:
        raise Invalid(
            _("The password is longer than %(n)s characters") % {"n": MAX_LENGTH}, field=field
        )
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field=field) from error


def rules() -> list[str]:
    """The rules as sentences, to stand beside the field."""
    return password_validators_help_texts()


def own_words(user: Any) -> list[str]:
    """Words that say nothing in the password of this person: login name, parts of the address, name."""
    values = [getattr(user, name, "") or "" for name in ("username", "name", "mobile")]
    values.append((getattr(user, "email", "") or "").partition("@")[0])
    return [value.casefold() for value in values if len(value) >= 2]


def _walks() -> set[str]:
    found = set()
    for line in (*WALKS, *(walk[::-1] for walk in WALKS)):
        found |= {line[at : at + WALK_LENGTH] for at in range(len(line) - WALK_LENGTH + 1)}
    return found


WALK_PIECES = _walks()


class BlockListValidator:
    """Refuses passwords made of known words: product and company, login name, keyboard walks, repetitions (T52)."""

    def validate(self, password: str, user: Any = None) -> None:
        text = re.sub(r"[\s._\-!@#]+", "", password.casefold())
        words = [
            *PRODUCT_WORDS,
            *(word.casefold() for word in settings.COMPANY_WORDS),
        ]
        for word in sorted([*words, *own_words(user)], key=len, reverse=True):
            text = text.replace(word, "")
        text = self._without_walks(_REPEAT.sub(r"\1", text))
        if len(set(text)) < LEFT_OVER:
            raise ValidationError(
                _(
                    "This password is made of well-known words, your login name, rows of keys or repetitions."
                ),
                code="password_blocked",
            )

    def get_help_text(self) -> str:
        return _(
            "Not made of the company’s or product’s name, your login name, rows of keys such as qwerty, or repetitions."
        )

    @staticmethod
    def _without_walks(text: str) -> str:
        kept, at = [], 0
        while at < len(text):
            end = at
            while text[end : end + WALK_LENGTH] in WALK_PIECES:
                end += 1
            if end > at:
                at = end + WALK_LENGTH - 1
                continue
            kept.append(text[at])
            at += 1
        return "".join(kept)
