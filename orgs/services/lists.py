"""外部用户分类, tags, and the settings of the directory (SPEC ORG-3, CON-1, CON-2)."""

from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from accounts.permissions import require_admin
from core import audit
from core.actors import Actor
from core.errors import Hidden, Invalid
from core.text import clean
from orgs.models import Category, DirectorySettings, Tag
from orgs.permissions import require_dimension_management


def _named(raw: str, limit: int) -> str:
    name = clean(raw, limit + 1)
    if not name:
        raise Invalid(_("Enter a name"), field="name")
    if len(name) > limit:
        raise Invalid(_("At most %(limit)s characters") % {"limit": limit}, field="name")
    return name


def _save(row: models.Model) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Invalid(_("This name is there already"), field="name") from error


@transaction.atomic
def create_category(*, by: Actor, name: str, order: int = 0, description: str = "") -> Category:
    """A new 外部用户分类; raises Denied without the right to everything, Invalid(field="name") for a taken name."""
    require_dimension_management(by=by)
    row = Category(name=_named(name, 50), order=order, description=clean(description, 200))
    _save(row)
    audit.record(action="category.create", obj=row, by=by, after=_category(row))
    return row


@transaction.atomic
def edit_category(
    *, by: Actor, category: Category, name: str, order: int, description: str
) -> Category:
    """Changes a category; raises as `create_category`."""
    require_dimension_management(by=by)
    row = Category.objects.select_for_update().get(pk=category.pk)
    before = _category(row)
    row.name, row.order, row.description = _named(name, 50), order, clean(description, 200)
    _save(row)
    changed = audit.changes(before, _category(row))
    if changed[1]:
        audit.record(action="category.edit", obj=row, by=by, before=changed[0], after=changed[1])
    return row


@transaction.atomic
def delete_category(*, by: Actor, category: Category) -> None:
    """Deletes a category that nothing uses; raises Denied, or Invalid with where it is used."""
    require_dimension_management(by=by)
    _claim(category)
    audit.record(action="category.delete", obj=category, by=by, before=_category(category))
    try:
        category.delete()
    except ProtectedError as error:
        raise Invalid(
            _("“%(name)s” is still used %(count)s times. Merge it into another category instead.")
            % {"name": category.name, "count": len(error.protected_objects)}
        ) from error


@transaction.atomic
def shift_category(*, by: Actor, category: Category, step: int) -> bool:
    """One place up (-1) or down (1) in the list; False at the end. Raises Denied without the right to everything."""
    require_dimension_management(by=by)
    rows = list(Category.objects.select_for_update().order_by("order", "id"))
    here = [row.pk for row in rows].index(category.pk)
    there = here + step
    if not 0 <= there < len(rows):
        return False
    rows.insert(there, rows.pop(here))
    for place, row in enumerate(rows, 1):
        row.order = place
    Category.objects.bulk_update(rows, ["order"])
    audit.record(
        action="category.reorder", obj=category, by=by, before={"position": here + 1},
        after={"position": there + 1},
    )  # fmt: skip
    return True


@transaction.atomic
def merge(*, by: Actor, source: Category | Tag, target: Category | Tag) -> int:
    """Everything that has the category or tag `source` has `target` instead, and `source` is gone. Returns how many.

    Raises Denied without the right to everything, Invalid for itself.
    """
    require_dimension_management(by=by)
    if type(source) is not type(target) or source.pk == target.pk:
        raise Invalid(_("Choose another one"), field="target")
    # A contact that leaves `source` for `target` by hand may not wait for the merge, which waits for the contact.
    _claim(source, target, free=() if isinstance(target, Tag) else (target.pk,))
    changed = sum(_repoint(relation, source, target) for relation in source._meta.related_objects)
    name = "tag" if isinstance(source, Tag) else "category"
    audit.record(
        action=f"{name}.merge", obj=source, by=by, before={"name": source.name},
        after={"name": target.name, "count": changed},
    )  # fmt: skip
    source.delete()
    return changed


def _claim(*rows: Category | Tag, free: Sequence[int] = ()) -> None:
    """Locks what goes, and what it is merged into: whoever gives one of them waits, or came first (services.words).

    Those in `free` stay, but may be given meanwhile.
    """
    for row in sorted(rows, key=lambda one: one.pk):
        locked = type(row)._default_manager.select_for_update(no_key=row.pk in free)
        if locked.filter(pk=row.pk).first() is None:
            raise Hidden(_("There is no such entry any more."))


def _repoint(relation: Any, source: models.Model, target: models.Model) -> int:
    """Rows of any app that point at `source` point at `target`; whoever pointed at both keeps one."""
    if not relation.many_to_many:
        rows = relation.related_model._base_manager.filter(**{relation.field.name: source})
        return int(rows.update(**{relation.field.name: target}))
    through, mine = relation.through, relation.field.m2m_reverse_field_name()
    other = relation.field.m2m_field_name()
    rows = through._base_manager.filter(**{mine: source})
    both = through._base_manager.filter(**{mine: target}).values(other)
    rows.filter(**{f"{other}__in": both}).delete()
    return int(rows.update(**{mine: target}))


def _category(row: Category) -> dict[str, Any]:
    return {"name": row.name, "order": row.order, "description": row.description}


@transaction.atomic
def rename_tag(*, by: Actor, tag: Tag, name: str) -> Tag:
    """Another word for a tag everywhere; raises Denied without the right to everything, Invalid for a taken name."""
    require_dimension_management(by=by)
    row = Tag.objects.select_for_update().get(pk=tag.pk)
    before = row.name
    row.name = _named(name, 30)
    if row.name != before:
        _save(row)
        audit.record(
            action="tag.rename", obj=row, by=by, before={"name": before}, after={"name": row.name}
        )
    return row


@transaction.atomic
def delete_tag(*, by: Actor, tag: Tag) -> None:
    """Takes a tag away from everything that carries it; raises Denied without the right to everything."""
    require_dimension_management(by=by)
    _claim(tag)
    audit.record(action="tag.delete", obj=tag, by=by, before={"name": tag.name})
    tag.delete()


@transaction.atomic
def edit_settings(
    *, by: Actor, staff_create_in_builtin: bool, default_security_level: int
) -> DirectorySettings:
    """Changes the settings of the directory; raises Denied for everybody but administrators (matrix row 58)."""
    require_admin(by)
    row, _created = DirectorySettings.objects.select_for_update().get_or_create(pk=1)
    if not -999 <= default_security_level <= 0:
        raise Invalid(_("Between -999 and 0"), field="default_security_level")
    names = ("staff_create_in_builtin", "default_security_level")
    before = {name: getattr(row, name) for name in names}
    row.staff_create_in_builtin = staff_create_in_builtin
    row.default_security_level = default_security_level
    row.save()
    changed = audit.changes(before, {name: getattr(row, name) for name in names})
    if changed[1]:
        audit.record(
            action="directory_settings.edit", obj=row, by=by, before=changed[0], after=changed[1]
        )
    return row
