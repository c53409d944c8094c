"""Fields that are filled by a chooser, and masked ones."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse

from accounts.models import User
from orgs.models import Node
from orgs.selectors.levels import names_above, place


class _Chosen(forms.Widget):
    """One chip with a hidden input; the chooser puts another one in its place."""

    template_name = "contacts/widgets/chosen.html"
    icon = ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        text = str(value or "")
        pk = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        into = f"#{context['widget']['attrs'].get('id', '')}"
        return context | {
            "value": pk,
            "label": self.label_of(pk) if pk else "",
            "icon_name": self.icon,
            "picker_url": self.picker(name=name, into=into, multiple="0"),
        }

    def label_of(self, pk: int) -> str:
        raise NotImplementedError

    def picker(self, **query: str) -> str:
        raise NotImplementedError

    def id_for_label(self, id_: str | None, index: Any = None) -> str:
        return ""


class PersonInput(_Chosen):
    """One member of staff."""

    icon = "user"

    def label_of(self, pk: int) -> str:
        return str(User.objects.staff().filter(pk=pk).values_list("name", flat=True).first() or "")

    def picker(self, **query: str) -> str:
        return f"{reverse('accounts:picker')}?{urlencode({'kind': 'person', **query})}"


class PlaceInput(_Chosen):
    """One organization, department or dimension. Only what the form was opened with is named (T13): see `allowed`."""

    icon = "building"
    allowed: Node | None = None

    def label_of(self, pk: int) -> str:
        if self.allowed is None or self.allowed.pk != pk:
            return ""
        above = place(self.allowed, names_above([self.allowed]))
        return f"{above} / {self.allowed.name}" if above else self.allowed.name

    def picker(self, **query: str) -> str:
        return f"{reverse('orgs:node-picker')}?{urlencode({'purpose': 'create', **query})}"


class MaskedInput(forms.TextInput):
    """A mobile or e-mail that comes masked; a logged POST puts the whole one into the field (SPEC CON-7)."""

    template_name = "contacts/widgets/masked.html"

    def __init__(self, *, contact_id: int, field: str) -> None:
        mode = "tel" if field == "mobile" else "email"
        super().__init__(attrs={"autocomplete": "off", "inputmode": mode, "class": "form-control"})
        self.reveal_url = reverse("contacts:reveal", args=[contact_id, field]) + "?into=form"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {
            "reveal_url": self.reveal_url,
            "masked": "*" in str(value or ""),
        }


class PinyinInput(forms.TextInput):
    """A corrected pinyin, with how the name is read now and the other ways to read it (SPEC CON-1).

    `name_id` is the id of the field with the name.
    """

    template_name = "contacts/widgets/pinyin.html"

    def __init__(self, name_id: str = "id_name") -> None:
        super().__init__(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        )
        self.name_id = name_id

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {
            "name_id": self.name_id,
            "preview_url": reverse("contacts:pinyin"),
        }
