"""To whom an app is open (SPEC POR-3). Holders and administrators only; everybody else is refused (Denied)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.models import Contact
from core import audit
from core.actors import Actor
from core.errors import Hidden, Invalid
from orgs.models import Category, Node
from portal import permissions
from portal.models import AppOpening
from portal.services.apps import claim


@transaction.atomic
def open_app(
    *, by: Actor, app_id: int, to: Iterable[Node | Category | Contact], exclude: bool = False,
    desktop: bool = True, phone: bool = True,
) -> list[AppOpening]:  # fmt: skip
    """Opens an app to places, categories and people, or excludes them from it; what was said about one before is
    replaced. An exclusion holds on desktop and phone. Raises Invalid where nothing is chosen, Hidden without the app.
    """
    permissions.require_registry(by)
    app = claim(app_id)
    targets = list(to)
    if not targets:
        raise Invalid(_("Choose at least one place, category or person."), field="nodes")
    if not (exclude or desktop or phone):
        raise Invalid(_("Choose desktop, phone or both."), field="desktop")
    values = {"exclude": exclude, "desktop": exclude or desktop, "phone": exclude or phone}
    made = []
    for target in targets:
        what = type(target)._meta.model_name
        wanted: dict[str, Any] = {str(what): target}
        row, _new = AppOpening.objects.update_or_create(app=app, **wanted, defaults=values)
        audit.record(
            action="portal.exclude" if exclude else "portal.open", obj=app, by=by,
            after={"what": what, "id": target.pk, "name": target.name, **values},
        )  # fmt: skip
        made.append(row)
    return made


@transaction.atomic
def close(*, by: Actor, app_id: int, opening_id: int) -> AppOpening:
    """Takes one line of an app back. Raises Hidden where it is gone."""
    permissions.require_registry(by)
    app = claim(app_id)
    rows = AppOpening.objects.select_related("node", "category", "contact")
    row: AppOpening | None = rows.filter(pk=opening_id, app=app).first()
    if row is None:
        raise Hidden(_("This line is gone already."))
    target = row.target
    audit.record(
        action="portal.close", obj=app, by=by,
        before={"what": target._meta.model_name, "id": target.pk, "name": target.name, "exclude": row.exclude},
    )  # fmt: skip
    row.delete()
    return row


def follow_merge(*, contact_id: int, into: int) -> None:
    """What was said about a merged contact holds for the one that remains; an exclusion of either stays one."""
    rows = AppOpening.objects.select_for_update().filter(contact_id__in=(contact_id, into))
    mine = {row.app_id: row for row in rows if row.contact_id == into}
    for row in rows:
        if row.contact_id == into:
            continue
        kept = mine.get(row.app_id)
        if kept is None:
            row.contact_id = into
            row.save(update_fields=["contact_id"])
            continue
        kept.exclude = kept.exclude or row.exclude
        kept.desktop, kept.phone = kept.desktop or row.desktop, kept.phone or row.phone
        kept.save(update_fields=["exclude", "desktop", "phone"])
        row.delete()
