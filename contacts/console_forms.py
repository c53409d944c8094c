"""Forms that only the back office has."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import password_field
from contacts import console_columns
from contacts.forms import ContactForm, PictureForm
from contacts.permissions import Role
from contacts.services.sharing import LEVELS
from core.forms import UiForm
from core.pictures import InvalidPicture, reencode_avatar
from orgs.selectors.nodes import directory_settings

LEVEL_WORDS = {"view": _("View"), "edit": _("View and edit")}


class LevelForm(UiForm):
    """What a share allows."""

    level = forms.ChoiceField(
        label=_("They may"), widget=forms.RadioSelect, initial="view",
        choices=[(level, LEVEL_WORDS[level]) for level in LEVELS],
    )  # fmt: skip


class SaveFilterForm(UiForm):
    """A name for filters."""

    name = forms.CharField(
        label=_("Name of the filter"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_default = forms.BooleanField(label=_("Open the list with this filter"), required=False)


class LayoutForm(UiForm):
    """The columns of the list with their places; 0 or nothing leaves one out."""

    two_columns = True
    wide = ("dense",)

    dense = forms.BooleanField(label=_("Close rows"), required=False)

    def __init__(self, *args: Any, columns: Sequence[str], dense: bool, **kwargs: Any) -> None:
        super().__init__(*args, initial={"dense": dense}, **kwargs)
        self.fields["dense"].help_text = _("More rows fit on the screen")
        for key, label in console_columns.choices():
            self.fields[f"c_{key}"] = forms.IntegerField(
                label=label, required=False, min_value=0, max_value=99,
                initial=columns.index(key) + 1 if key in columns else None,
                widget=forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric", "placeholder": "–"}),
            )  # fmt: skip
        self.order_fields([*(key for key in self.fields if key != "dense"), "dense"])

    def clean(self) -> dict[str, Any]:
        """At least one column beside the name."""
        values = dict(super().clean() or {})
        if not any(values.get(f"c_{key}") for key in console_columns.COLUMNS):
            raise forms.ValidationError(
                _("Number at least one column: 1 comes first, empty is left out")
            )
        return values

    def chosen(self) -> list[str]:
        """The columns in the order of their numbers."""
        numbered = [
            (self.cleaned_data.get(f"c_{key}") or 0, key) for key in console_columns.COLUMNS
        ]
        order = list(console_columns.COLUMNS)
        return [
            key for n, key in sorted(numbered, key=lambda one: (one[0], order.index(one[1]))) if n
        ]


class PlaceForm(UiForm):
    """Position and order of a contact in one place."""

    position = forms.CharField(
        label=_("Position"), max_length=100, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    order = forms.IntegerField(
        label=_("Order"), required=False, min_value=-99999, max_value=99999,
        help_text=_("Small numbers come first"),
    )  # fmt: skip

    def clean_order(self) -> int:
        return int(self.cleaned_data["order"] or 0)


class NewContactForm(ContactForm):
    """基本信息 of a new contact whose place the address names."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        start = {"security_level": directory_settings().default_security_level}
        super().__init__(*args, role=Role.MAIN_MAINTAINER, initial=start, **kwargs)
        del self.fields["node"]

    def fields_for_service(self) -> dict[str, Any]:
        """A level that was left empty is that of the settings."""
        values = super().fields_for_service()
        if not str(self["security_level"].value() or "").strip():
            values.pop("security_level", None)
        return values


class NewPictureForm(PictureForm):
    """The picture of a new contact, looked at before anything is written."""

    def clean_picture(self) -> Any:
        file = self.cleaned_data["picture"]
        if file:
            try:
                reencode_avatar(file)
            except InvalidPicture as error:
                raise forms.ValidationError(str(error)) from error
            file.seek(0)
        return file


class CredentialsForm(UiForm):
    """Own login name and first password for an account that exists."""

    username = forms.CharField(
        label=_("Login name"), max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )  # fmt: skip
    password = password_field(_("First password"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = _(
            "All sessions end; it has to be replaced at the first log-in"
        )
