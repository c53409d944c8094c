"""Tags and categories that somebody is about to give: they stay until the transaction ends (SPEC ORG-3).

Merging and deleting lock the row that goes, and wait; whoever comes after them finds it gone. Without this the rows
that point at it are refused when they are committed, where nobody can answer for it.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from core.errors import Invalid
from orgs.models import Category, Tag

KEPT = "SELECT id, name FROM {table} WHERE {column} = ANY(%s) ORDER BY id FOR KEY SHARE"


def tags(names: Iterable[str], *, make: bool = True) -> dict[str, Tag]:
    """The tags of these names, by name; with `make` what is missing is made. For use inside a transaction."""
    wanted = sorted(set(names))
    while True:
        kept = Tag.objects.raw(KEPT.format(table="orgs_tag", column="name"), [wanted])
        found = {tag.name: tag for tag in kept}
        missing = [Tag(name=name) for name in wanted if name not in found]
        if not (make and missing):
            return found
        # Somebody else may be quicker, and a third may take it away again: look anew.
        Tag.objects.bulk_create(missing, ignore_conflicts=True)


def keep_category(category: Category | None) -> None:
    """For a category that a row did not have before. Raises Invalid(field="category") when it is gone."""
    if category is None:
        return
    kept = Category.objects.raw(
        KEPT.format(table="orgs_category", column="id"), [[category.pk or 0]]
    )
    if not list(kept):
        raise Invalid(_("This category is not there any more. Choose again"), field="category")
