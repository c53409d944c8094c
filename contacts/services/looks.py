"""Saved filters and the look of the list, each person's own (SPEC CON-5).

They have no audit rows: they change what one person looks at, never what there is or who may see it.
"""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from contacts.models import ListLayout, SavedFilter
from core.errors import Hidden, Invalid
from core.text import clean

MAX_FILTERS = 30
MAX_QUERY = 500


@transaction.atomic
def save_filter(*, by: User, name: str, query: str, is_default: bool) -> SavedFilter:
    """Keeps filters under a name; one of the same name is replaced.

    `query` is the checked query of an address (console_state.At.query). Raises Invalid(field="name") for no name, for
    filters that narrow nothing or too many saved ones.
    """
    name = clean(name, 40)
    if not name:
        raise Invalid(_("Write a name"), field="name")
    if not query or len(query) > MAX_QUERY:
        raise Invalid(_("Set a filter first, then save it"), field="name")
    mine = _mine(by)
    if not mine.filter(name=name).exists() and mine.count() >= MAX_FILTERS:
        raise Invalid(
            _("Delete a saved filter first: there are %(n)s") % {"n": MAX_FILTERS}, field="name"
        )
    if is_default:
        mine.update(is_default=False)
    found, _new = SavedFilter.objects.update_or_create(
        owner=by, name=name, defaults={"query": query, "is_default": is_default}
    )
    return found


@transaction.atomic
def make_default(*, by: User, filter_id: int, value: bool) -> SavedFilter:
    """With which filter the list opens; raises Hidden for one that is not his."""
    mine = _mine(by)
    found = _own(by, filter_id)
    mine.update(is_default=False)
    found.is_default = value
    found.save(update_fields=["is_default"])
    return found


@transaction.atomic
def remove_filter(*, by: User, filter_id: int) -> None:
    """Forgets a saved filter; raises Hidden for one that is not his."""
    _own(by, filter_id).delete()


def _mine(by: User) -> QuerySet[SavedFilter]:
    """His filters, with him locked: one is the default, in however many tabs he chooses at once."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    return SavedFilter.objects.filter(owner=by)


def _own(by: User, filter_id: int) -> SavedFilter:
    found = SavedFilter.objects.select_for_update().filter(owner=by, pk=filter_id).first()
    if found is None:
        raise Hidden(_("There is no such filter."))
    return found


@transaction.atomic
def save_layout(*, by: User, columns: Sequence[str], dense: bool) -> ListLayout:
    """Which columns he sees, in this order; the name is always there."""
    found, _new = ListLayout.objects.update_or_create(
        owner=by, defaults={"columns": list(columns), "dense": dense}
    )
    return found
