"""Forms of contacts. Each lists its fields; nothing else reaches a service (SECURITY T26)."""

import datetime
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import ChannelForm
from accounts.models import User
from contacts.import_values import MAX_OFFICE, MAX_REMARK, MAX_TELEPHONE
from contacts.models import Contact
from contacts.permissions import Role
from contacts.selectors.identities import Identity
from contacts.services import fields as contact_fields
from contacts.tables import STATES, Here
from contacts.widgets import MaskedInput, PersonInput, PinyinInput, PlaceInput
from core.errors import Invalid
from core.fetching import fetch
from core.forms import PlainSelect, UiForm
from core.importing.values import MAX_CODE, MAX_EMAIL, MAX_NAME
from core.text import mask_email, mask_mobile
from core.vocabulary import WORDS
from orgs.models import Category, Node

PLAIN = {"autocomplete": "off"}


def take(form: forms.Form, error: Invalid) -> None:
    """Shows what a service refused beside the field it concerns."""
    form.add_error(error.field if error.field in form.fields else None, str(error))


def _line(
    label: Any, limit: int, *, required: bool = False, help_text: Any = "", **attrs: str
) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=limit, required=required, help_text=help_text,
        widget=forms.TextInput(attrs=PLAIN | attrs),
    )  # fmt: skip


class ContactForm(UiForm):
    """基本信息, for a new contact and for an old one. `fields_for_service` gives what people.create and edit take.

    Mobile and e-mail of an old contact come masked; a mask that was left as it is changes nothing (SPEC CON-7).
    """

    two_columns = True
    wide = ("node", "remark", "tags")
    FIRST = ("name", "position", "mobile", "email", "node")

    name = _line(pgettext_lazy("person", "Name"), MAX_NAME, required=True)
    position = _line(_("Position"), MAX_NAME)
    mobile = _line(_("Mobile"), 40, inputmode="tel")
    email = _line(_("E-mail"), MAX_EMAIL, inputmode="email")
    node = forms.ModelChoiceField(
        label=_("Organization or department"), queryset=Node.objects.all(), widget=PlaceInput,
        error_messages={"required": _("Choose where this person belongs")},
    )  # fmt: skip
    telephone = _line(_("Telephone"), MAX_TELEPHONE)
    office = _line(_("Office location"), MAX_OFFICE)
    gender = forms.ChoiceField(
        label=_("Gender"), required=False, choices=[("", "–"), ("m", _("Male")), ("f", _("Female"))]
    )
    reading = forms.CharField(
        label=_("Pinyin"), max_length=200, required=False, widget=PinyinInput(),
        help_text=_("Only where it is read differently, for example shan tian fang"),
    )  # fmt: skip
    category = forms.ModelChoiceField(
        label=_("Category"), queryset=Category.objects.all(), required=False, empty_label="–"
    )
    follower = forms.ModelChoiceField(
        label=_("Follower"),
        queryset=User.objects.active().staff(),
        required=False,
        widget=PersonInput,
    )
    tags = _line(_("Tags"), 700, help_text=_("Separated by commas"))
    code = _line(_("Code"), MAX_CODE, help_text=_("Our own key; it stays when the name changes"))
    security_level = forms.IntegerField(
        label=_("Security level"), required=False, min_value=-999, max_value=0,
        help_text=_("From -999 to 0; 0 is the highest"),
    )  # fmt: skip
    remark = forms.CharField(
        label=_("Remark"), required=False, max_length=MAX_REMARK, widget=forms.Textarea()
    )
    stamp = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, role: Role, contact: Contact | None = None, **kwargs: Any
    ) -> None:
        if contact is not None:
            kwargs["initial"] = {**_initial(contact), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self.contact = contact
        if role < Role.MAINTAINER:
            for key in contact_fields.RESTRICTED:
                del self.fields[key]
        if contact is not None:
            self.lock(contact.kept)
            del self.fields["node"]
            for key in ("mobile", "email"):
                if getattr(contact, key):
                    self.fields[key].widget = MaskedInput(contact_id=contact.pk, field=key)

    @property
    def first(self) -> list[forms.BoundField]:
        """What everybody fills in."""
        return [self[key] for key in self.FIRST if key in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The rest."""
        return [field for field in self.visible_fields() if field.name not in self.FIRST]

    @property
    def more_open(self) -> bool:
        """Whether the rest is unfolded: for an old contact, or where something is wrong in it."""
        return self.contact is not None or any(field.errors for field in self.more)

    def clean(self) -> dict[str, Any]:
        """Values as they are kept, refused beside their field."""
        values = dict(super().clean() or {})
        for key in contact_fields.EDITABLE & set(values):
            try:
                values[key] = self._kept(key, values[key])
            except Invalid as error:
                self.add_error(key, str(error))
        return values

    def _kept(self, key: str, raw: Any) -> Any:
        if key in ("mobile", "email") and self.contact is not None:
            full = getattr(self.contact, key)
            mask = mask_mobile(full) if key == "mobile" else mask_email(full)
            if full and raw.strip() == mask:
                return full
        return contact_fields.clean_value(key, raw)

    def fields_for_service(self) -> dict[str, Any]:
        """Cleaned values by the names of services.fields.EDITABLE; a level that was left empty stays what it is."""
        values = {
            key: value for key, value in self.cleaned_data.items() if key in contact_fields.EDITABLE
        }
        if not self.data.get("security_level"):
            values.pop("security_level", None)
        return values


def _initial(contact: Contact) -> dict[str, Any]:
    plain = {key: getattr(contact, key) for key in contact_fields.PLAIN}
    return plain | {
        "mobile": mask_mobile(contact.mobile), "email": mask_email(contact.email),
        "category": contact.category_id, "follower": contact.follower_id,
        "tags": "，".join(contact.tags.values_list("name", flat=True)),
        "stamp": contact_fields.stamp(contact),
    }  # fmt: skip


class LoginForm(ChannelForm):
    """Login name and first password, own or random (SPEC ACC-2)."""

    field_order = ("way", "username", "password", "channel")

    way = forms.ChoiceField(
        label=_("Log-in"), initial="random", widget=forms.RadioSelect,
        choices=[
            ("random", _("Random, shown once or sent as an activation link")),
            ("own", _("I choose login name and password")),
        ],
    )  # fmt: skip
    username = _line(_("Login name"), 64, help_text=_("Left empty: a readable random one"))
    password = forms.CharField(
        label=_("First password"), max_length=128, required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 15 characters; it must be replaced at the first log-in"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A password where one is wanted, none where not."""
        values = dict(super().clean() or {})
        if values.get("way") == "own" and not values.get("password"):
            self.add_error("password", _("Write the first password"))
        if values.get("way") == "random":
            values["password"] = ""
        return values


class AccountPartForm(LoginForm):
    """The account part of the form for a new contact in the back office (SPEC CON-2)."""

    way = forms.ChoiceField(
        label=_("External account"), initial="none", widget=forms.RadioSelect,
        choices=[
            ("none", _("Do not open one yet")),
            ("random", _("Random, shown once or sent as an activation link")),
            ("own", _("I choose login name and password")),
        ],
    )  # fmt: skip


class SamePersonForm(UiForm):
    """Which open account belongs to the person of a contact. `known`: those that may, or were found by `word`."""

    through = forms.ChoiceField(
        label=_("The account of"), required=False, widget=forms.RadioSelect,
        help_text=_("Nothing is joined before the person agrees in the portal"),
        error_messages={"invalid_choice": _("Choose the account of this person")},
    )  # fmt: skip
    word = _line(
        _("Login name or mobile"),
        64,
        help_text=_("To find somebody else whom you maintain; complete"),
    )

    def __init__(self, *args: Any, known: Sequence[Identity], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {str(one.contact.pk): one.contact for one in known}
        field: Any = self.fields["through"]
        field.choices = [(str(one.contact.pk), _named(one)) for one in known]
        if not known:
            del self.fields["through"]

    def clean(self) -> dict[str, Any]:
        """An account has to be chosen; what may not be known of is as good as missing (SPEC CON-4)."""
        values = dict(super().clean() or {})
        if not self.known:
            text = _("You maintain nobody with this login name or mobile who can log in now. The person may be kept "
                     "elsewhere; then ask somebody who maintains both.")  # fmt: skip
            self.add_error("word", text if values.get("word") else _("Write it in full"))
        elif not values.get("through") and "through" not in self.errors:
            self.add_error("through", _("Choose the account of this person"))
        return values

    @property
    def chosen(self) -> Contact:
        """The identity that was chosen."""
        return self.known[self.cleaned_data["through"]]


def _named(one: Identity) -> str:
    login = one.contact.user.username if one.contact.user else ""
    return " · ".join((one.contact.name, one.place.line, login))


class ExpiryForm(UiForm):
    """Until which day an account is valid."""

    expires_on = forms.DateField(
        label=_("Valid until"), required=False, help_text=_("This day included; empty: without end"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )  # fmt: skip

    def moment(self) -> datetime.datetime | None:
        """The end of the chosen day."""
        day: datetime.date | None = self.cleaned_data["expires_on"]
        if day is None:
            return None
        last = datetime.datetime.combine(day, datetime.time(23, 59, 59))
        return timezone.make_aware(last)


class RenewForm(ExpiryForm):
    """A new end of an account that expires."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["expires_on"].required = True


class PictureForm(UiForm):
    """A picture of a person, from a file or the camera; one that is there can be taken away."""

    picture = forms.FileField(
        label=_("Picture"), required=False, help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip
    remove = forms.BooleanField(label=_("Remove the picture"), required=False)

    def __init__(self, *args: Any, contact: Contact | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact = contact
        if contact is None or not contact.avatar:
            del self.fields["remove"]

    def clean(self) -> dict[str, Any]:
        """A picture, or said that there shall be none: an empty form changes nothing by mistake."""
        values = dict(super().clean() or {})
        asked = values.get("picture") or values.get("remove") or self.errors
        if self.contact is not None and not asked:
            self.add_error("picture", _("Choose a picture"))
        if values.get("remove"):
            values["picture"] = None
        return values


OFFERED = """
SELECT * FROM (
    SELECT 'category', id, name, row_number() OVER (ORDER BY "order", id) AS place FROM orgs_category
    UNION ALL SELECT 'tag', id, name, row_number() OVER (ORDER BY name, id) FROM orgs_tag
) AS every WHERE place <= 200 ORDER BY place
"""


Offered = tuple[tuple[str, int, str, int], ...]  # the rows of OFFERED


class FilterForm(UiForm):
    """Filters of a list; those that offer nothing are absent."""

    status = forms.ChoiceField(label=_("Account state"), required=False, widget=PlainSelect)
    category = forms.ChoiceField(label=_("Category"), required=False, widget=PlainSelect)
    tag = forms.ChoiceField(label=_("Tag"), required=False, widget=PlainSelect)

    def __init__(self, here: Here, offered: Offered | None = None) -> None:
        super().__init__(
            initial={"status": here.status, "category": here.category, "tag": here.tag}
        )
        words = WORDS["account"]
        self._offer("status", _("All states"), [(key, words[key].label) for key in STATES])
        found: dict[str, list[tuple[int, str]]] = {"category": [], "tag": []}
        for key, pk, name, _place in offered if offered is not None else fetch(OFFERED, []):
            found[key].append((pk, name))
        self._offer("category", _("All categories"), found["category"])
        self._offer("tag", _("All tags"), found["tag"])

    def _offer(self, key: str, every: Any, choices: Any) -> None:
        found = list(choices)
        field = self.fields[key]
        if not found:
            del self.fields[key]
        elif isinstance(field, forms.ChoiceField):
            field.choices = [("", every), *found]


def filter_fields(here: Here) -> SafeString:
    """The fields of FilterForm with their labels, as the list of the address book shows them; one query."""
    offered = tuple(fetch(OFFERED, []))
    return _filter_fields(offered, here.status, here.category, here.tag, get_language())


@lru_cache(maxsize=256)
def _filter_fields(
    offered: Offered, status: str, category: int | None, tag: int | None, _language: str | None
) -> SafeString:
    """Drawn once for the same words and choices: a form costs as much as ten rows of the list."""
    form = FilterForm(Here(status=status, category=category, tag=tag), offered)
    label = '<label class="visually-hidden" for="{}">{}</label>{}'
    fields = ((field.id_for_label, field.label, field) for field in form.visible_fields())
    return format_html_join("", label, fields)


class WhoForm(UiForm):
    """One active member of staff."""

    person = forms.ModelChoiceField(
        label=_("Person"), queryset=User.objects.active().staff(), widget=PersonInput
    )


class TagsForm(UiForm):
    """Tags for a selection."""

    tags = _line(_("Tags"), 700, required=True, help_text=_("Separated by commas"))
