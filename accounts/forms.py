"""Forms of log-in, own account, staff and departments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from accounts import channels, passwords
from accounts.models import Department, LoginPolicy, User
from core.errors import Invalid
from core.forms import UiForm, UiModelForm
from core.phones import InvalidPhone, to_mobile_e164
from core.text import clean


def take(form: forms.Form, error: Invalid) -> None:
    """Shows what a service refused beside the field it concerns."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    """A password as it was typed: nothing stripped, paste allowed, long ones taken (SECURITY T52)."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, "spellcheck": "false"})
    return forms.CharField(label=label, strip=False, max_length=passwords.MAX_LENGTH, widget=widget)


class CleanCharField(forms.CharField):
    """One line of text without control, bidi or zero-width characters."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value)
        return clean(text, len(text)) if text else ""


class LoginNameForm(UiForm):
    """Who somebody says he is."""

    username = forms.CharField(
        label=_("Login name"),
        max_length=254,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )


class LoginForm(LoginNameForm):
    """Only the shape; whether it opens is decided by `services.login.check`."""

    password = password_field(_("Password"), "current-password")
    next = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)


class CodeForm(UiForm):
    """A code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        label=_("Code of the app"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )


class PasskeyNameForm(UiForm):
    """What a passkey is called in one's own list."""

    name = CleanCharField(label=_("Name of the passkey"), max_length=60)


class ProveForm(UiForm):
    """Who is logged in proves it again; the code only where there is a second factor."""

    password = password_field(_("Password"), "current-password")
    code = forms.CharField(
        label=_("Code of the app, or a recovery code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, with_code: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_code:
            del self.fields["code"]


class LoginPolicyForm(UiModelForm):
    """Who must have a second factor."""

    class Meta:
        model = LoginPolicy
        fields = ("admins", "holders", "staff", "external")


class NewPasswordForm(UiForm):
    """A new password, typed twice."""

    new = password_field(_("New password"), "new-password")
    again = password_field(_("New password again"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lines = ((rule,) for rule in passwords.rules())
        self.fields["new"].help_text = format_html_join(mark_safe("<br>"), "{}", lines)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("new") and values.get("again") and values["new"] != values["again"]:
            self.add_error("again", _("The two passwords differ"))
        return values


class PasswordForm(NewPasswordForm):
    """The own password: the old one is required."""

    old = password_field(_("Old password"), "current-password")
    field_order = ("old", "new", "again")


class StaffForm(UiForm):
    """Facts of a staff member. Rights and state have actions of their own (SECURITY T26, T28)."""

    two_columns = True

    name = CleanCharField(label=_("Name"), max_length=100)
    username = forms.CharField(label=_("Login name"), max_length=64)
    employee_code = CleanCharField(label=_("Employee code"), max_length=64, required=False)
    position = CleanCharField(label=_("Position"), max_length=100, required=False)
    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)

    def clean_mobile(self) -> str:
        raw = self.cleaned_data["mobile"]
        try:
            return to_mobile_e164(raw) if raw.strip() else ""
        except InvalidPhone as error:
            raise forms.ValidationError(str(error)) from error


class NewStaffForm(StaffForm):
    """With the departments and, if wished, a first password."""

    wide = ("password",)

    password = password_field(_("First password"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].required = False
        self.fields["password"].help_text = _(
            "Leave it empty for a random one. It has to be replaced at the first log-in."
        )

    def clean_password(self) -> str | None:
        return self.cleaned_data["password"] or None


def ids_of(values: Sequence[str]) -> list[int]:
    """Numbers among what a chooser sent; anything else is left out, the service asks for the rows."""
    return [int(value) for value in values if value.isdecimal() and len(value) < 19]


class ChannelForm(UiForm):
    """By which way first credentials go. Without the field where there is nothing to choose."""

    channel = forms.ChoiceField(label=_("The first credentials go"), required=False)

    def __init__(self, *args: Any, email: bool = True, mobile: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = channels.offered(email=email, mobile=mobile)
        self.fields["channel"].choices = choices  # type: ignore[attr-defined]  # a choice field
        if not choices:
            del self.fields["channel"]

    @property
    def chosen(self) -> str:
        """The way that was chosen, "" for the usual one."""
        return str(self.cleaned_data.get("channel", "")) if self.is_valid() else ""


class StaffFilterForm(UiForm):
    """Filter of the staff list beside the search."""

    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All states")),
            ("active", _("Enabled")),
            ("disabled", _("Disabled")),
            ("admin", _("System administrators")),
            ("holder", _("External directory maintenance")),
        ],
    )


class DepartmentForm(UiForm):
    """Name of a department."""

    name = CleanCharField(label=_("Department name"), max_length=100)


class MoveForm(UiForm):
    """Where a department goes."""

    parent = forms.ChoiceField(label=_("New place"), required=False)
    order = forms.IntegerField(label=_("Order"), required=False, min_value=-9999, max_value=9999)

    def __init__(self, *args: Any, places: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parent"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  for the type checker
        field.choices = [("", _("Top level")), *places]

    def parent_department(self) -> Department | None:
        """The chosen place; None is the top."""
        chosen = self.cleaned_data["parent"]
        return Department.objects.get(pk=int(chosen)) if chosen else None


class PreferencesForm(forms.Form):
    """Language or appearance, and where to go back to."""

    language = forms.ChoiceField(required=False, choices=[("", ""), ("zh-hans", ""), ("en", "")])
    theme = forms.ChoiceField(required=False, choices=[("", ""), *User.Theme.choices])
    next = forms.CharField(required=False, max_length=2000)
