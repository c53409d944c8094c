"""The registry of apps (matrix row 43). Everybody but holders and administrators is refused (Denied)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from core import audit
from core.actors import Actor
from core.errors import Denied, Hidden, Invalid
from portal import permissions
from portal.models import App

APP_FIELDS: Final = frozenset(
    {"name", "name_en", "icon", "category", "address", "enabled", "open_by_default", "order", "desktop", "phone"}
)  # fmt: skip
STEP: Final = 10


@transaction.atomic
def create_app(*, by: Actor, key: str, fields: Mapping[str, Any]) -> App:
    """A link app at the end of the registry. Raises Invalid("key") for one that is taken."""
    permissions.require_registry(by)
    _check(fields)
    rows = list(App.objects.select_for_update().order_by("order", "id"))
    if any(row.key == key for row in rows):
        raise Invalid(_("This key is taken. Choose another one."), field="key")
    order = max((row.order for row in rows), default=0) + STEP
    app = App.objects.create(
        **{"order": order, **fields, "key": key, "kind": App.Kind.LINK, "own": True}
    )
    audit.record(action="portal.app_new", obj=app, by=by, after={"key": key, **fields})
    return app


@transaction.atomic
def edit_app(*, app_id: int, fields: Mapping[str, Any], by: Actor) -> App:
    """Changes the given fields of an app; built-in ones keep their address. Raises Hidden, TypeError for others."""
    permissions.require_registry(by)
    _check(fields)
    app = claim(app_id)
    kept = dict(fields)
    if app.kind == App.Kind.BUILTIN:
        kept.pop("address", None)
    before, after = audit.changes({key: getattr(app, key) for key in kept}, kept)
    if not after:
        return app
    for key, value in after.items():
        setattr(app, key, value)
    app.save(update_fields=list(after))
    audit.record(action="portal.app", obj=app, by=by, before=before, after=after)
    return app


@transaction.atomic
def shift_app(*, app_id: int, step: int, by: Actor) -> bool:
    """One place up (-1) or down (1) in the registry; False at its end. Raises Hidden."""
    permissions.require_registry(by)
    rows = list(App.objects.select_for_update().order_by("order", "id"))
    here = next((place for place, row in enumerate(rows) if row.pk == app_id), None)
    if here is None:
        raise _gone()
    there = here + step
    if not 0 <= there < len(rows):
        return False
    app = rows.pop(here)
    rows.insert(there, app)
    for place, row in enumerate(rows, 1):
        row.order = place * STEP
    App.objects.bulk_update(rows, ["order"])
    audit.record(
        action="portal.app_reorder", obj=app, by=by, before={"position": here + 1}, after={"position": there + 1}
    )  # fmt: skip
    return True


@transaction.atomic
def delete_app(*, app_id: int, by: Actor) -> None:
    """Takes a link app away that was added here, with everything that was opened. Raises Hidden, Denied for others."""
    permissions.require_registry(by)
    app = claim(app_id)
    if not app.own:
        raise Denied(_("Apps that come with the product cannot be deleted. Disable it instead."))
    audit.record(
        action="portal.app_delete", obj=app, by=by, before={"key": app.key, "address": app.address}
    )
    app.delete()


def claim(app_id: int) -> App:
    """The app, locked; raises Hidden."""
    app: App | None = App.objects.select_for_update().filter(pk=app_id).first()
    if app is None:
        raise _gone()
    return app


def _gone() -> Hidden:
    return Hidden(_("There is no such app."))


def _check(fields: Mapping[str, Any]) -> None:
    if set(fields) - APP_FIELDS:
        raise TypeError(f"not editable: {', '.join(sorted(set(fields) - APP_FIELDS))}")
