"""What people fill in."""

from __future__ import annotations

from collections.abc import Sequence

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from contacts.models import Contact
from core.errors import Invalid
from core.forms import PlainSelect, UiForm, UiModelForm
from core.text import clean
from orgs.models import Category, Node
from portal.models import App
from portal.todo_input import hosts_of

ICONS = (
    ("apps", _("Tiles")), ("world", _("Globe")), ("link", _("Link")), ("address-book", _("Address book")),
    ("users", _("People")), ("user-circle", _("Person")), ("message-circle", _("Speech bubble")),
    ("speakerphone", _("Loudspeaker")), ("calendar", _("Calendar")), ("checkbox", _("Tick")),
    ("checklist", _("List of tasks")), ("clipboard-check", _("Clipboard")), ("layout-kanban", _("Board")),
    ("route", _("Route")), ("forms", _("Form")), ("file-text", _("Document")), ("file-invoice", _("Invoice")),
    ("file-certificate", _("Certificate")), ("contract", _("Contract")), ("books", _("Books")),
    ("briefcase", _("Briefcase")), ("building-store", _("Shop")), ("shopping-cart", _("Shopping cart")),
    ("package", _("Parcel")), ("bulb", _("Light bulb")), ("chart-bar", _("Chart")), ("report-money", _("Report")),
    ("cash", _("Money")), ("currency-yuan", _("Yuan")), ("adjustments", _("Sliders")),
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
        help_text=_(
            "Links for a new password go on to the address of your login; your contact changes that."
        ),
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
        max_length=200,
        help_text=_("https://… Without an address it is not shown to external people"),
    )
    icon = forms.ChoiceField(label=_("icon"), choices=ICONS)

    class Meta:
        model = App
        fields = (
            "name",
            "name_en",
            "icon",
            "category",
            "address",
            "desktop",
            "phone",
            "enabled",
            "open_by_default",
        )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.kind == App.Kind.BUILTIN:
            del self.fields["address"]
        else:  # In the place of the field's own validator, which allows ftp and would say the same twice.
            wrong = _("Enter a web address that begins with https://")
            self.fields["address"].validators = [URLValidator(["https"], message=wrong)]


class NewAppForm(AppForm):
    """A link app. The key cannot be changed later."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens; it stays for good"),
    )
    field_order = ("key", "icon", "name", "name_en")

    def clean_key(self) -> str:
        return str(self.cleaned_data["key"]).lower()


class RegistryFilter(UiForm):
    """What the list of apps is narrowed to."""

    category = forms.ChoiceField(label=_("Category"), required=False, widget=PlainSelect)
    STATES = (
        ("", _("Every state")),
        ("on", _("Enabled")),
        ("unconnected", _("Not connected")),
        ("off", _("Disabled")),
    )
    state = forms.ChoiceField(label=_("State"), required=False, widget=PlainSelect, choices=STATES)

    def __init__(self, *args: object, categories: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        names = [("", _("Every category")), *((name, name) for name in categories)]
        self.fields["category"].choices = names  # type: ignore[attr-defined]  # a ChoiceField


class OpeningForm(UiForm):
    """To whom an app is opened, or who is kept out."""

    HOW = (("open", _("Open for")), ("exclude", _("Keep out")))
    how = forms.ChoiceField(
        label=_("Effect"), choices=HOW, initial="open", widget=forms.RadioSelect
    )
    desktop = forms.BooleanField(label=_("on desktops"), required=False, initial=True)
    phone = forms.BooleanField(label=_("on phones"), required=False, initial=True)
    nodes = forms.ModelMultipleChoiceField(Node.objects.all(), required=False)
    contacts = forms.ModelMultipleChoiceField(Contact.objects.alive(), required=False)
    categories = forms.ModelMultipleChoiceField(
        Category.objects.all(),
        label=_("Categories"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    @property
    def targets(self) -> list[Node | Category | Contact]:
        """Everything that was chosen, after validation."""
        given = self.cleaned_data
        return [*given["nodes"], *given["categories"], *given["contacts"]]


class NewSystemForm(UiForm):
    """Another system that puts items into 个人待办."""

    name = forms.CharField(
        label=_("name"), max_length=60, help_text=_("External people read it beside each item")
    )
    hosts = forms.CharField(
        label=_("Hosts of links"), required=False, max_length=2000, widget=forms.Textarea,
        help_text=_("One a line, for example oa.example.com; items may link to these alone"),
    )  # fmt: skip

    def clean_name(self) -> str:
        return clean(self.cleaned_data["name"], 60)

    def clean_hosts(self) -> list[str]:
        try:
            return hosts_of(self.cleaned_data["hosts"])
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error


class SystemForm(NewSystemForm):
    """One that is there."""

    enabled = forms.BooleanField(
        label=_("enabled"), required=False,
        help_text=_("While disabled its token is refused and its items are not shown"),
    )  # fmt: skip
