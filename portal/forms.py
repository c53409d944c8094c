"""What people fill in."""

from __future__ import annotations

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from core.forms import UiForm, UiModelForm
from portal.models import App

ICONS = (
    "address-book", "adjustments", "apps", "books", "briefcase", "building-store", "bulb", "calendar", "cash",
    "chart-bar", "checkbox", "checklist", "clipboard-check", "contract", "currency-yuan", "file-certificate",
    "file-invoice", "file-text", "forms", "layout-kanban", "link", "message-circle", "package", "report-money",
    "route", "shopping-cart", "speakerphone", "user-circle", "users", "world",
)  # fmt: skip


class ProfileForm(UiForm):
    """Own data. Values are checked by the service, as everywhere."""

    two_columns = True
    wide = ("picture",)

    mobile = forms.CharField(
        label=_("Mobile"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    telephone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    office = forms.CharField(label=_("Office location"), max_length=200, required=False)
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        help_text=_("JPG, PNG or WebP, at most 5 MB; it is cut to a square"),
    )
    without_picture = forms.BooleanField(label=_("Take the picture away"), required=False)


class AppForm(UiModelForm):
    """One app of the registry."""

    two_columns = True
    wide = ("address",)
    address = forms.URLField(
        label=_("address"),
        required=False,
        assume_scheme="https",
        help_text=_("https://… Without an address it is not shown to external people"),
    )
    icon = forms.ChoiceField(label=_("icon"), choices=[(name, name) for name in ICONS])

    class Meta:
        model = App
        fields = (
            "name",
            "name_en",
            "icon",
            "category",
            "order",
            "address",
            "enabled",
            "open_by_default",
        )
        labels = {"order": _("order")}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind == App.Kind.BUILTIN:
            del self.fields["address"]
        else:  # In the place of the field's own validator, which allows ftp and would say the same twice.
            wrong = _("Enter a web address that begins with https:// or http://")
            self.fields["address"].validators = [URLValidator(["https", "http"], message=wrong)]
