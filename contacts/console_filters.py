"""Filters of the list of contacts as forms and as words."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from contacts.console_state import At
from contacts.forms import FilterForm
from contacts.tables import Here
from contacts.widgets import PersonInput
from core.forms import UiForm
from core.vocabulary import WORDS as STATES
from orgs.models import Source

IN_BAR = ("q", "status", "category", "tag")
YES_NO = [("", "–"), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]


class NarrowForm(FilterForm):
    """The filters of the bar; the others go along unseen."""

    def __init__(self, at: At) -> None:
        filters = at.filters
        super().__init__(
            Here(status=filters.account, category=filters.category_id, tag=filters.tag_id)
        )
        _carry(self, at, [word for word in at.query if word not in IN_BAR])


def _carry(form: forms.Form, at: At, words: list[str]) -> None:
    for word in words:
        form.fields[word] = forms.CharField(
            required=False, widget=forms.HiddenInput, initial=at.query[word]
        )


class MoreFiltersForm(UiForm):
    """The filters that stand behind “more”."""

    two_columns = True

    source = forms.ChoiceField(
        label=gettext_lazy("Source"), required=False,
        choices=[("", "–"), *((key, STATES["source"][key].label) for key in Source.values)],
    )  # fmt: skip
    follower = forms.CharField(
        label=gettext_lazy("Follower"),
        required=False,
        widget=PersonInput(attrs={"id": "id_more_follower"}),
    )
    created_from = forms.DateField(label=gettext_lazy("Created from"), required=False)
    created_to = forms.DateField(label=gettext_lazy("Created until"), required=False)
    enabled = forms.ChoiceField(
        label=gettext_lazy("Enabled or disabled"), required=False,
        choices=[("", "–"), ("yes", gettext_lazy("Enabled")), ("no", gettext_lazy("Disabled"))],
    )  # fmt: skip
    mobile = forms.ChoiceField(label=gettext_lazy("Has a mobile"), required=False, choices=YES_NO)
    email = forms.ChoiceField(label=gettext_lazy("Has an e-mail"), required=False, choices=YES_NO)
    here = forms.BooleanField(label=gettext_lazy("Only directly here, not below"), required=False)

    def __init__(self, at: At) -> None:
        query = at.query
        initial: dict[str, Any] = {**query, "here": at.here}
        super().__init__(initial=initial, auto_id="id_more_%s")
        for word in ("from", "to"):
            # These words cannot be names of attributes.
            field = self.fields.pop(f"created_{word}")
            field.widget = forms.DateInput(attrs={"type": "date", "class": "form-control"})
            self.fields[word] = field
        self.fields["here"].widget.attrs["value"] = "1"
        self.order_fields(
            ["source", "follower", "from", "to", "enabled", "mobile", "email", "here"]
        )
        _carry(self, at, [word for word in query if word not in self.fields])


def chips(at: At) -> list[tuple[str, str]]:
    """(words, address without it) of each set filter that the bar does not show."""
    found = [(name, text) for name, text in _said(at) if text]
    return [(text, at.without(name)) for name, text in found]


def _said(at: At) -> list[tuple[str, str]]:
    """Field of the filters, and what is said of it; "" where it is not set."""
    filters = at.filters
    source, first, last = filters.source, filters.created_from, filters.created_to
    shown = STATES["source"][source].label if source else ""
    return [
        ("source", _("Source: %(value)s") % {"value": shown} if source else ""),
        ("follower_id", _follower(filters.follower_id)),
        ("created_from", _("Created from %(day)s") % {"day": first} if first else ""),
        ("created_to", _("Created until %(day)s") % {"day": last} if last else ""),
        ("enabled", _either(_("Enabled"), _("Disabled"), when=filters.enabled)),
        ("has_mobile", _either(_("Has a mobile"), _("Without a mobile"), when=filters.has_mobile)),
        ("has_email", _either(_("Has an e-mail"), _("Without an e-mail"), when=filters.has_email)),
        ("here", _("Only directly here, not below") if at.here else ""),
    ]


def _follower(user_id: int | None) -> str:
    if user_id is None:
        return ""
    rows = User.objects.staff().filter(pk=user_id)
    return _("Follower: %(value)s") % {"value": rows.values_list("name", flat=True).first() or "?"}


def _either(yes: str, no: str, *, when: bool | None) -> str:
    return "" if when is None else (yes if when else no)
