"""What is asked of the app above that keeps the contacts, by its names in the settings: how many stand at or below
nodes (NODE_COUNTS), which a person sees there (NODE_PREVIEW), what falls silent with nodes (NODE_IMPACT), whom a search
finds (NODE_SEARCH), and how many carry a category or tag (LABEL_COUNTS).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from orgs.models import Category, Node, Tag
from orgs.permissions import Scope


@dataclass(frozen=True, slots=True)
class Impact:
    """Contacts that no enabled place is left for, logins that end with them, and their open sessions.

    A number of `cap` + 1 means "more than cap".
    """

    contacts: int
    accounts: int
    sessions: int
    cap: int


@dataclass(frozen=True, slots=True)
class PersonHit:
    """One contact as a list of the tree shows it."""

    id: int
    name: str
    reading: str
    place: str
    url: str
    note: str = ""
    """A short word shown as a tag, for example 已停用."""


@dataclass(frozen=True, slots=True)
class People:
    """Some contacts, and how many there are; `capped`: more than `total`."""

    rows: list[PersonHit] = field(default_factory=list)
    total: int = 0
    capped: bool = False


def contact_counts(scope: Scope, node_ids: Sequence[int]) -> dict[int, int]:
    """node id → contacts at or below it, of nodes that `scope` maintains; empty when nothing counts contacts."""
    if not node_ids:
        return {}
    counts: dict[int, int] = _asked("NODE_COUNTS", scope, list(node_ids)) or {}
    return {node_id: counts.get(node_id, 0) for node_id in node_ids} if available() else {}


def available() -> bool:
    """Whether an app above counts contacts."""
    return bool(getattr(settings, "NODE_COUNTS", ""))


def preview(user: Any, node: Node) -> People | None:
    """The contacts at or below the node that somebody sees by the rule (SPEC ORG-9); None where nothing keeps any."""
    found: People | None = _asked("NODE_PREVIEW", user, node)
    return found


def impact(nodes: Sequence[Node]) -> Impact | None:
    """What falls silent with these nodes (SPEC ORG-6); None when nothing keeps contacts."""
    found: Impact | None = _asked("NODE_IMPACT", nodes)
    return found


def people(user: Any, q: str, *, limit: int) -> People:
    """The contacts that match among those whom `user` maintains or sees (SPEC ORG-8)."""
    return _asked("NODE_SEARCH", user, q, limit=limit) or People()


def labelled(model: type[Category] | type[Tag]) -> dict[int, int]:
    """Category or tag id → contacts that carry it; empty where nothing keeps contacts."""
    return _asked("LABEL_COUNTS", model) or {}


def _asked(setting: str, *args: Any, **more: Any) -> Any:
    name = getattr(settings, setting, "")
    return import_string(name)(*args, **more) if name else None
