"""Filters of the trail, and which kind of file."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import UiForm
from trail.selectors import Asked
from trail.words import GROUPS, KINDS


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(UiForm):
    """Drawn from what the address says."""

    who = forms.CharField(label=_("Who: name or login name"), required=False, max_length=100)
    group = forms.ChoiceField(
        label=_("Action"), required=False,
        choices=[("", _("All actions")), *((key, label) for key, (label, _nouns) in GROUPS.items())],
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind of object"), required=False, choices=[("", _("All kinds")), *KINDS.items()]
    )
    ip = forms.CharField(label=_("IP address"), required=False, max_length=45)
    since = forms.DateField(label=_("From this day on"), required=False, widget=_day())
    until = forms.DateField(label=_("Up to this day"), required=False, widget=_day())
    about = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, asked: Asked) -> None:
        super().__init__(initial=asked.values())
        for name in ("who", "ip"):
            widget = self.fields[name].widget
            widget.attrs |= {"placeholder": self.fields[name].label, "class": "form-control w-auto"}
