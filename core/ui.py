"""What views hand to the components of templates/components: small frozen records, no queries."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the way to a page; the last one, without an address, is the page itself."""

    label: Text
    url: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab is a link of its own; `target` makes it an htmx link that also changes the address."""

    label: Text
    url: str
    current: bool = False
    count: int | None = None
    target: str = ""
    """Selector of the part to swap, empty for an ordinary link."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something that may be done here: a link, a dialog (`dialog=True`) or a POST (`method="post"`)."""

    label: Text
    url: str
    icon: str = ""
    style: str = ""
    """Button class: "", "primary", "danger-line" or "text"; in menus "bad" paints the line red."""
    dialog: bool = False
    method: str = "get"
    target: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """Head of one table column. `sort_url` makes it a link; `sorted` is "asc", "desc" or empty."""

    label: Text
    css: str = ""
    hidden: bool = False
    """Label for screen readers only (select and action columns)."""
    sort_url: str = ""
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Pager:
    """Numbered or keyset paging. Numbered: page, pages. Keyset: previous_url, next_url."""

    total: int | None = None
    capped: bool = False
    """The count stopped at `total`: shown as "more than"."""
    page: int = 0
    pages: int = 0
    previous_url: str = ""
    next_url: str = ""
    unit: Text = ""
    target: str = ""

    @property
    def numbers(self) -> list[int | None]:
        """Page numbers to show, None for a gap."""
        wanted = {1, self.pages, *range(self.page - 2, self.page + 3)}
        shown = sorted(number for number in wanted if 1 <= number <= self.pages)
        result: list[int | None] = []
        for number in shown:
            last = result[-1] if result else None
            if last is not None and number - last > 1:
                result.append(None)
            result.append(number)
        return result


@dataclass(frozen=True, slots=True)
class TreeNode:
    """One line of a tree. `children` None means not loaded: they come from `children_url`."""

    id: str
    label: str
    url: str
    level: int = 1
    position: int = 1
    size: int = 1
    icon: str = "building"
    count: int | None = None
    pinyin: str = ""
    current: bool = False
    expandable: bool = False
    children: Sequence[TreeNode] | None = None
    children_url: str = ""
    more_url: str = ""
    """Where the children come from that were not read yet, when `children` are the first of many."""
    note: Text = ""
    """Short word shown as a tag, for example 停用."""
    synced: bool = False
    disabled: bool = False
    target: str = ""

    @property
    def indent(self) -> int:
        """Level for the indent class; deeper ones stay at the last."""
        return min(self.level, 8)

    @property
    def expanded(self) -> bool:
        return bool(self.children)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a details list."""

    label: Text
    value: Any = ""
    css: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a course of events: state is "", "done", "now" or "bad"."""

    label: Text
    state: str = ""
    lines: Sequence[Text] = ()
    tag: tuple[str, str] | None = None
    """Kind and value for the status tag."""


@dataclass(frozen=True, slots=True)
class PickerItem:
    """One person, department or node of a chooser. `value` is what the form sends."""

    value: str
    label: str
    kind: str = "person"
    sub: Text = ""
    disabled: bool = False
    children_url: str = ""

    @property
    def icon(self) -> str:
        icons = {"person": "user", "department": "building-community", "node": "building"}
        return icons.get(self.kind, "folder")


@dataclass(frozen=True, slots=True)
class Picker:
    """A chooser. With `action` it is a form that is sent; with `into` it fills a field of the page."""

    id: str
    title: Text
    search_url: str
    name: str
    multi: bool = True
    tabs: Sequence[Tab] = ()
    results: Sequence[PickerItem] = ()
    chosen: Sequence[PickerItem] = ()
    action: str = ""
    into: str = ""
    submit: Text = ""
    hint: Text = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """One line of the copy-once panel."""

    label: Text
    value: str


@dataclass(frozen=True, slots=True)
class ApprovalCard:
    """An application as it is shown in a conversation and in the back office: one template for both."""

    id: int
    title: Text
    state: str
    created_at: datetime.datetime
    contact_id: int
    contact_name: str
    contact_place: str
    facts: Sequence[Fact] = field(default_factory=tuple)
    card_url: str = ""
    approve_url: str = ""
    """Empty when this viewer may not decide (any more)."""
    refuse_url: str = ""
    decided_by: str = ""
    decided_at: datetime.datetime | None = None
    reason: str = ""
    note: Text = ""
    refresh_url: str = ""
    error: Text = ""


@dataclass(frozen=True, slots=True)
class AppTile:
    """One app of the portal. `colour` is a class av0 to av7, one for each category."""

    label: str
    url: str
    icon: str
    colour: int = 0
    badge: int = 0
    external: bool = False
    css: str = ""
    """only-d or only-m where it is shown on desktops or phones alone."""
    reason: Text = ""
    """Why it cannot be opened; it is then shown without a link."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log; level is "i", "w" or "e"."""

    at: datetime.datetime
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Stat:
    """A counter that is a link to the filtered list."""

    label: Text
    number: int
    url: str = ""
    kind: str = ""
    note: Text = ""
    current: bool = False

    @property
    def shown(self) -> str:
        """The number as it is read: 1,284."""
        return f"{self.number:,}"
