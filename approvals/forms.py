"""What people fill in: remark, reason, filters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.services import MAX_TEXT
from core.errors import Invalid
from core.forms import UiForm

if TYPE_CHECKING:
    from approvals.selectors import Asked
    from orgs.models import Node


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(UiForm):
    """Filters of the list, drawn from what the address says; `dimensions` are those that are offered."""

    status = forms.CharField(required=False, widget=forms.HiddenInput)
    dimension = forms.ChoiceField(label=_("Dimension"), required=False)
    applicant = forms.CharField(label=_("Applicant"), required=False, max_length=100)
    decider = forms.CharField(label=_("Decided by"), required=False, max_length=100)
    since = forms.DateField(label=_("From this day on"), required=False, widget=_day())
    until = forms.DateField(label=_("Up to this day"), required=False, widget=_day())

    def __init__(self, asked: Asked, dimensions: Sequence[Node]) -> None:
        super().__init__(initial={"status": asked.status, **asked.values()})
        choices = [("", _("All dimensions")), *((str(row.pk), row.name) for row in dimensions)]
        self.fields["dimension"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
        for name in ("applicant", "decider"):
            widget = self.fields[name].widget
            widget.attrs |= {"placeholder": self.fields[name].label, "class": "form-control w-auto"}


class ApplyForm(UiForm):
    """申请开通."""

    remark = forms.CharField(
        label=_("Remark"),
        max_length=MAX_TEXT,
        widget=forms.Textarea,
        help_text=_("What the account is needed for; the approver reads it"),
    )


class ReasonForm(UiForm):
    """拒绝; `version` is the contact as it was looked at."""

    reason = forms.CharField(
        label=_("Reason for refusing"),
        max_length=MAX_TEXT,
        widget=forms.Textarea,
        help_text=_("The applicant reads it and may apply again"),
    )


class DecisionForm(forms.Form):
    """What a card, a dialog or a bulk line sends; everything it does not know is left out."""

    approve = forms.TypedChoiceField(
        choices=[("1", "1"), ("0", "0")], coerce=lambda value: value == "1"
    )
    version = forms.IntegerField(min_value=1, max_value=2_000_000_000)
    reason = forms.CharField(required=False, max_length=2000, strip=True)
    channel = forms.ChoiceField(
        choices=[(way, way) for way in ("link", "sms", "panel")], required=False
    )
    view = forms.ChoiceField(
        choices=[("card", "card"), ("steps", "steps"), ("dialog", "dialog")], required=False
    )

    def values(self) -> dict[str, Any]:
        """Cleaned values; raises Invalid for what no page of ours sends."""
        if not self.is_valid():
            raise Invalid(_("The page is out of date. Reload it and decide again."))
        return {**self.cleaned_data, "view": self.cleaned_data["view"] or "card"}


def chosen(values: list[str]) -> list[tuple[int, int]]:
    """(application id, contact version) of checked lines "17:3"; raises Invalid for anything else."""
    found = []
    for value in values:
        pk, colon, version = value.partition(":")
        if not (colon and pk.isdecimal() and version.isdecimal() and len(value) <= 30):
            raise Invalid(_("The page is out of date. Reload it and decide again."))
        found.append((int(pk), int(version)))
    if not found:
        raise Invalid(_("Choose at least one application."))
    return found
