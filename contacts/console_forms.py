"""Forms that only the back office has."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import password_field
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
