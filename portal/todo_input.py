"""What another system may say about an item, checked strictly (docs/todo-api.md). Nothing is guessed or cut."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.text import clean

EXTERNAL_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}")
HOST: Final = re.compile(r"(?=.{1,253}(?::|$))[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
LINK_LENGTH: Final = 1000
TITLE_LENGTH: Final = 200
YEARS: Final = range(2000, 2201)
_https = URLValidator(["https"])


@dataclass(frozen=True, slots=True)
class Given:
    """An item as it was sent. One of `contact_id` and `contact_code` says for whom."""

    title: str
    contact_id: int | None
    contact_code: str
    link: str
    due: datetime.datetime | None
    done: bool


def external_id(value: Any) -> str:
    """The id of the other system; raises Invalid."""
    if not isinstance(value, str) or not EXTERNAL_ID.fullmatch(value):
        message = _(
            "The id has 1 to 100 letters, digits or . _ : - and begins with a letter or digit."
        )
        raise Invalid(message, field="external_id")
    return value


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises Invalid."""
    try:
        found = json.loads(body.decode("utf-8"), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(
            _("The body must be one JSON object in UTF-8, no key twice."), code="bad_json"
        )
    return found


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def item(values: dict[str, Any], hosts: Sequence[str]) -> Given:
    """The checked item; raises Invalid with the field that is wrong."""
    known = {"title", "contact_id", "contact_code", "link", "due", "done"}
    for key in values:
        if key not in known:
            raise Invalid(_("This field is not known."), field=clean(key, 60))
    pk, code = _contact(values)
    return Given(
        _title(values.get("title")), pk, code, _link(values.get("link"), hosts), _due(values.get("due")),
        _flag(values.get("done", False)),
    )  # fmt: skip


def _title(value: Any) -> str:
    text = clean(value, TITLE_LENGTH + 1) if isinstance(value, str) else ""
    if not text or len(text) > TITLE_LENGTH:
        raise Invalid(_("The title is a text of 1 to 200 characters."), field="title")
    return text


def _contact(values: dict[str, Any]) -> tuple[int | None, str]:
    pk, code = values.get("contact_id"), values.get("contact_code")
    if (pk is None) == (code is None):
        raise Invalid(_("Give either contact_id or contact_code."), field="contact_id")
    if pk is not None:
        if isinstance(pk, bool) or not isinstance(pk, int) or not 0 < pk < 2**63:
            raise Invalid(_("contact_id is a positive whole number."), field="contact_id")
        return pk, ""
    if not isinstance(code, str) or not code or code != clean(code, 64):
        raise Invalid(_("contact_code is a text of 1 to 64 characters."), field="contact_code")
    return None, code


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Invalid(_("done is true or false."), field="done")
    return value


def _due(value: Any) -> datetime.datetime | None:
    if value is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None or found.year not in YEARS:
        message = _("due is a time with its offset, for example 2026-12-01T18:00:00+08:00.")
        raise Invalid(message, field="due")
    return found


def _link(value: Any, hosts: Sequence[str]) -> str:
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or len(value) > LINK_LENGTH or not allowed(value, hosts):
        message = _(
            "link begins with https:// and leads to a host that is allowed for this system."
        )
        raise Invalid(message, field="link")
    return value


def allowed(link: str, hosts: Sequence[str]) -> bool:
    """Whether a link is https and leads to one of these hosts, without a name or password before it."""
    try:
        _https(link)
        return urlsplit(link).netloc.lower() in hosts
    except (ValidationError, ValueError):
        return False


def hosts_of(text: str) -> list[str]:
    """Hosts as they are typed, one a line or with commas; raises Invalid for one that is none."""
    found = [word.lower() for word in re.split(r"[\s,，、;；]+", text) if word]
    wrong = next((word for word in found if not HOST.fullmatch(word)), None)
    if wrong is not None:
        message = _("“%(host)s” is no host. Write for example oa.example.com, without https://.")
        raise Invalid(message % {"host": clean(wrong, 60)}, field="hosts")
    if len(found) > HOSTS_LIMIT:
        raise Invalid(_("At most 20 hosts."), field="hosts")
    return list(dict.fromkeys(found))


HOSTS_LIMIT: Final = 20
