"""What the pages of the back office about apps show. Queries are asked for by the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from contacts.models import Contact
from core.ui import Action, Column, Crumb, PickerItem
from orgs.models import Category, Node
from orgs.selectors.levels import names_above, place
from portal.forms import OpeningForm, RegistryFilter
from portal.models import App, AppOpening
from portal.rule import People, Surface
from portal.selectors import Answer
from portal.tables import app_name


class Shift(NamedTuple):
    """A button that moves an app by one place."""

    way: str
    icon: str
    label: str
    url: str


class AppRow(NamedTuple):
    """One line of the registry."""

    app: App
    actions: Sequence[Action]
    shifts: Sequence[Shift]
    openings_url: str
    lines: int


def registry(
    rows: Sequence[App], form: RegistryFilter, q: str, *, narrowed: bool
) -> dict[str, Any]:
    """The list of apps. Moving them makes no sense while some are hidden."""
    here = reverse("portal-console:apps")
    return {
        "rows": [_row(app, movable=not narrowed, last=app is rows[-1], first=app is rows[0]) for app in rows],
        "columns": [
            Column(_("App")), Column(_("Category")), Column(_("Address")), Column(_("State")), Column(_("Shown on")),
            Column(_("Open to")), Column(_("Actions"), css="c-op", hidden=True),
        ],
        "crumbs": [Crumb(_("Administration")), Crumb(_("External portal"))],
        "actions": [Action(_("New app"), reverse("portal-console:app-new"), "plus", "primary", dialog=True)],
        "filter": {
            "action": here, "form": form, "q": q, "placeholder": _("Name or key"), "id": "apps-q", "autosubmit": True,
            "reset_url": here if narrowed else "",
        },
        "reset_url": here if narrowed else "",
    }  # fmt: skip


def _row(app: App, *, movable: bool, first: bool, last: bool) -> AppRow:
    actions = [Action(_("Edit"), reverse("portal-console:app-edit", args=[app.pk]), dialog=True)]
    if app.own:
        delete = reverse("portal-console:app-delete", args=[app.pk])
        actions.append(Action(_("Delete"), delete, "", "bad", dialog=True))
    shifts = []
    if movable and not first:
        shifts.append(Shift("up", "arrow-up", _("Move up"), _shift(app, "up")))
    if movable and not last:
        shifts.append(Shift("down", "arrow-down", _("Move down"), _shift(app, "down")))
    lines: int = getattr(app, "lines", 0)
    address = reverse("portal-console:openings", args=[app.pk])
    return AppRow(app, actions, shifts, address, lines)


def _shift(app: App, way: str) -> str:
    return reverse("portal-console:app-shift", args=[app.pk, way])


def deleting(app: App) -> dict[str, Any]:
    """The question before an app goes."""
    return {
        "title": _("Delete the app “%(name)s”?") % {"name": app.name},
        "text": _("External people no longer see it, and to whom it was open is forgotten. This cannot be undone."),
        "consequences": [_("To take it away for a while, disable it instead: everything is kept.")],
        "submit": _("Delete"), "style": "danger", "back_url": reverse("portal-console:apps"),
    }  # fmt: skip


# --- openings ---------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One opening or exclusion."""

    name: str
    kind: str
    icon: str
    sub: str
    exclude: bool
    where: str
    close_url: str


def openings(
    app: App, lines: Sequence[AppOpening], form: OpeningForm, people: People
) -> dict[str, Any]:
    """The page of one app."""
    names = names_above([line.node for line in lines if line.node])
    return {
        "app": app,
        "title": _("Who has “%(name)s”") % {"name": app_name(app)},
        "crumbs": [
            Crumb(_("Administration")), Crumb(_("Apps of the portal"), reverse("portal-console:apps")),
            Crumb(app_name(app)),
        ],
        "sentence": sentence(app, people),
        "rows": [_line(app, line, names) for line in lines],
        "columns": [
            Column(pgettext("node", "Name")), Column(_("Kind")), Column(_("Effect")), Column(_("Shown on")),
            Column(_("Actions"), css="c-op", hidden=True),
        ],
        "form": form,
        "chosen": chosen(form),
        "node_picker": f"{reverse('orgs:node-picker')}?name=nodes&multiple=1&into=%23opening-nodes",
        "people_picker": f"{reverse('portal-console:people-picker')}?name=contacts&into=%23opening-contacts",
        "ask_picker": f"{reverse('portal-console:people-picker')}?name=contact&multiple=0&into=%23ask-contact",
    }  # fmt: skip


def sentence(app: App, people: People) -> str:
    """For how many the app is open now."""
    if not app.enabled:
        return _("The app is disabled: nobody has it.")
    if not app.connected:
        return _("The app is not connected: nobody has it.")
    said = ngettext(
        "%(n)s person with a usable account has it now.",
        "%(n)s people with a usable account have it now.",
        people.total,
    ) % {"n": people.total}
    if people.desktop == people.phone:
        return said
    more = _("%(desktop)s on desktops, %(phone)s on phones.")
    return f"{said} {more % {'desktop': people.desktop, 'phone': people.phone}}"


ICON_OF = {Node: "building", Category: "tag", Contact: "user"}


def _line(app: App, line: AppOpening, names: dict[int, str]) -> Line:
    target = line.target
    sub = place(target, names) if isinstance(target, Node) else getattr(target, "position", "")
    return Line(
        target.name, kind_of(target), ICON_OF[type(target)], str(sub), line.exclude, where(line.desktop, line.phone),
        reverse("portal-console:opening-close", args=[app.pk, line.pk]),
    )  # fmt: skip


def kind_of(target: Node | Category | Contact) -> str:
    """Dimension, organization, department, category or contact."""
    if isinstance(target, Node):
        return str(target.get_kind_display())
    return _("Category") if isinstance(target, Category) else _("Contact")


def where(desktop: bool, phone: bool) -> str:  # noqa: FBT001  the two flags of every record here
    """On desktops, phones or both."""
    if desktop and phone:
        return _("Desktop and phone")
    return _("Desktop only") if desktop else _("Phone only") if phone else "–"


def chosen(form: OpeningForm) -> dict[str, list[PickerItem]]:
    """What was chosen before a refusal."""
    found: dict[str, list[PickerItem]] = {"nodes": [], "contacts": []}
    for key, items in found.items():
        kind = "node" if key == "nodes" else "person"
        rows = getattr(form, "cleaned_data", {}).get(key) or ()
        items += [PickerItem(value=str(row.pk), label=row.name, kind=kind) for row in rows]
    return found


class Explained(NamedTuple):
    """The answer about one person."""

    contact: Contact
    surface: Surface | None
    title: str
    lines: list[str]


def explained(app: App, answer: Answer) -> Explained:
    """Yes or no, and why."""
    names = {"who": answer.contact.name, "app": app_name(app)}
    title = _("%(who)s has “%(app)s”") if answer.surface else _("%(who)s does not have “%(app)s”")
    lines = _reasons(app, answer)
    if answer.surface:
        lines.append(where(answer.surface.desktop, answer.surface.phone))
    if not answer.usable:
        lines.append(_("There is no usable account now; this holds once there is one."))
    return Explained(answer.contact, answer.surface, title % names, lines)


def _reasons(app: App, answer: Answer) -> list[str]:
    if not app.enabled:
        return [_("The app is disabled: nobody has it.")]
    if not app.connected:
        return [_("The app is not connected: nobody has it.")]
    excluded = [line for line in answer.lines if line.exclude]
    if excluded:
        return [_said(_("Kept out by %(kind)s “%(name)s”"), line) for line in excluded]
    found = [_("Open to everybody by default")] if app.open_by_default else []
    found += [_said(_("Open by %(kind)s “%(name)s”"), line) for line in answer.lines]
    if not found:
        return [
            _("It is not open by default, and to none of the places and categories of this person")
        ]
    return (
        found
        if answer.surface
        else [*found, _("But the app is not shown there on this kind of device")]
    )


def _said(text: str, line: AppOpening) -> str:
    return text % {"kind": kind_of(line.target), "name": line.target.name}
