"""Fields of a contact: read from what people type, written with everything that derives from them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.import_values import read_value
from contacts.models import Contact
from contacts.permissions import Role, role_on, viewer_of
from core.actors import Actor
from core.errors import Denied, Invalid
from core.importing.values import BadValue
from core.text import clean, normal_reading, pinyin, simplified
from orgs.models import Category
from orgs.services import words

Fields = Mapping[str, Any]
TEXTS = (
    "name", "code", "gender", "mobile", "telephone", "email", "position", "office", "remark"
)  # fmt: skip
PLAIN = (*TEXTS, "reading", "security_level")
EDITABLE = frozenset({*PLAIN, "category", "tags", "follower"})
# Only for those who maintain one of the contact's dimensions.
RESTRICTED = frozenset({"code", "security_level"})


def clean_value(key: str, raw: Any) -> Any:
    """One value as it is kept. Raises Invalid(field) with a reason."""
    try:
        return _READERS[key](raw)
    except BadValue as bad:
        raise Invalid(str(bad.reason), field=key, code=bad.kind) from None


def _text(key: str) -> Callable[[Any], Any]:
    return lambda raw: read_value(key, str(raw or ""))


def _name(raw: Any) -> str:
    name = str(read_value("name", str(raw or "")))
    if not name:
        raise Invalid(_("Write the name"), field="name")
    return name


def _level(raw: Any) -> int:
    level = read_value("security_level", "" if raw is None else str(raw))
    return 0 if level is None else int(level)


def _reading(raw: Any) -> str:
    return normal_reading(clean(str(raw or ""), 200))


def _category(raw: Any) -> Category | None:
    return raw if isinstance(raw, Category) else None


def _follower(raw: Any) -> User | None:
    if not isinstance(raw, User):
        return None
    if raw.is_external or not raw.is_active:
        raise Invalid(_("Only active staff can be chosen here"), field="follower")
    return raw


def _tags(raw: Any) -> tuple[str, ...]:
    text = raw if isinstance(raw, str) else "\n".join(raw or ())
    return tuple(read_value("tags", text))


_READERS: dict[str, Callable[[Any], Any]] = {
    **{key: _text(key) for key in TEXTS},
    "name": _name,
    "code": lambda raw: read_value("code", str(raw or "")) or None,
    "reading": _reading,
    "security_level": _level,
    "category": _category,
    "follower": _follower,
    "tags": _tags,
}


def cleaned(fields: Fields, *, role: Role) -> dict[str, Any]:
    """The given fields as they are kept.

    Raises Invalid(field) for the first bad one, Denied for a field this role does not write, TypeError for one that
    is not written here at all (T26, T28).
    """
    unknown = set(fields) - EDITABLE
    if unknown:
        raise TypeError(f"not editable: {', '.join(sorted(unknown))}")
    if role < Role.MAINTAINER and RESTRICTED & set(fields):
        raise Denied(_("Only maintainers change the code and the security level"))
    return {key: clean_value(key, raw) for key, raw in fields.items()}


def write(*, by: Actor, contact: Contact, values: Mapping[str, Any]) -> None:
    """Puts cleaned values into the row, new or not, with what derives from the name; tags too.

    Raises Invalid(field="code") when another contact has the code.
    """
    had = contact.category_id
    for key, value in values.items():
        if key != "tags":
            setattr(contact, key, value)
    auto = pinyin(contact.name)
    read = pinyin(contact.name, contact.reading) if contact.reading else auto
    if read == auto:
        contact.reading = ""
    contact.simplified = simplified(contact.name)
    contact.sort_key, contact.initials = read.sort_key, read.initials
    if contact.category_id != had:
        words.keep_category(contact.category)
    _save(by, contact)
    if "tags" in values:
        contact.tags.set(words.tags(values["tags"]).values())


def _save(by: Actor, contact: Contact) -> None:
    """A taken code names its contact only to those who see that one (SECURITY T13)."""
    holder = None
    if contact.code:
        others = Contact.objects.filter(code=contact.code).exclude(pk=contact.pk)
        holder = others.first()
        if holder is not None:
            raise _code_taken(by, holder)
    try:
        with transaction.atomic():
            contact.save()
    except IntegrityError as error:
        if "code" not in str(error):
            raise
        raise _code_taken(by, None) from error


def _code_taken(by: Actor, holder: Contact | None) -> Invalid:
    if holder is not None and role_on(viewer_of(by), holder.pk) > Role.NONE:
        message = _("This code belongs to “%(name)s”") % {"name": holder.name}
    else:
        message = _(
            "This code cannot be used. Choose another one, or ask somebody who maintains everything"
        )
    return Invalid(message, field="code", code="code_taken")


def snapshot(contact: Contact) -> dict[str, Any]:
    """What of a contact is edited, as the audit trail shows it."""
    return {
        **{key: getattr(contact, key) for key in PLAIN},
        "category": contact.category.name if contact.category else "",
        "follower": contact.follower.actor_label if contact.follower else "",
        "tags": sorted(contact.tags.values_list("name", flat=True)),
    }


def stamp(contact: Contact) -> str:
    """What a form keeps to notice that the contact was edited under its hands."""
    text = json.dumps(snapshot(contact), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]
