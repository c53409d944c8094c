"""What comes in from pages; the words themselves are judged by the services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from django import forms
from django.utils.translation import gettext as _

from core.errors import Hidden, UserError
from im.reach import Party
from im.selectors import LIST_MAX, LIST_STEP, PAGE, Cursor, Filter
from im.services import NOBODY

if TYPE_CHECKING:
    from django.http import QueryDict

MAX_ID = 2**53
MAX_CHOSEN = 1000
MAX_MICROS = 4_102_444_800_000_000  # the year 2100


class Number(forms.IntegerField):
    """A number of a query string; absent is 0."""

    def __init__(self, maximum: int = MAX_ID) -> None:
        super().__init__(required=False, min_value=0, max_value=maximum)

    def clean(self, value: Any) -> int:
        return super().clean(value) or 0


class ListForm(forms.Form):
    """How the conversation list is looked at. What cannot be read is as if it were not there."""

    only = forms.ChoiceField(choices=[(key, key) for key in get_args(Filter)], required=False)
    show = Number(LIST_MAX)
    current = Number()
    v = forms.CharField(required=False, max_length=64)

    def values(self) -> dict[str, Any]:
        self.is_valid()
        data = self.cleaned_data
        return {
            "only": data.get("only") or "all",
            "show": max(data.get("show") or 0, LIST_STEP),
            "current": data.get("current") or None,
            "v": data.get("v") or "",
        }


class PageForm(forms.Form):
    """Which part of a thread is wanted."""

    before = Number()
    at = Number()  # around this message

    def value(self) -> int | None:
        """Raises UserError (400) for what is no number."""
        if not self.is_valid():
            raise UserError(_("This address is not complete."))
        sought = self.sought()
        return self.cleaned_data["before"] or (sought + PAGE // 2 if sought else None)

    def sought(self) -> int:
        """The message that a search has found; 0 for none."""
        return int(self.cleaned_data["at"]) if self.is_valid() else 0


class WhoForm(forms.Form):
    """One member of a group, by login. What cannot be read is as if it were not there."""

    who = Number()

    def value(self) -> int:
        return int(self.cleaned_data["who"]) if self.is_valid() else 0


class SearchForm(forms.Form):
    """Where a search looks and goes on. What cannot be read is as if it were not there."""

    conversation = Number()
    before = Number()

    def values(self) -> dict[str, int | None]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}


class CursorForm(forms.Form):
    """Where an open page stands."""

    after = Number()
    read = Number()
    recalled = Number(MAX_MICROS)
    writable = Number(1)

    def value(self) -> Cursor:
        """Raises UserError (400) for what is no number."""
        if not self.is_valid():
            raise UserError(_("This address is not complete."))
        data = self.cleaned_data
        return Cursor(
            data["after"], data["read"], data["recalled"], writable=bool(data["writable"])
        )


def mentions_in(data: QueryDict) -> list[int]:
    """The logins that a message names; what is no number is as if it were not there."""
    given = data.getlist("mention")[:MAX_CHOSEN]
    return [int(text) for text in given if text.isascii() and text.isdigit() and len(text) <= 15]


class ReadForm(forms.Form):
    """Up to where somebody has read."""

    seq = Number()

    def value(self) -> int:
        """Raises UserError (400) for what is no number."""
        if not self.is_valid():
            raise UserError(_("This form is not complete."))
        return int(self.cleaned_data["seq"])


class SwitchForm(forms.Form):
    """On or off."""

    on = forms.ChoiceField(choices=[("1", "1"), ("0", "0")])
    back = forms.CharField(required=False, max_length=20)

    def value(self) -> bool:
        """Raises UserError (400) for anything else."""
        if not self.is_valid():
            raise UserError(_("This form is not complete."))
        return bool(self.cleaned_data["on"] == "1")

    @property
    def page(self) -> str:
        """The page on which it was switched."""
        return "details" if self.cleaned_data["back"] == "details" else "thread"


class ChosenForm(forms.Form):
    """People chosen for a group, and its name; the services judge them."""

    title = forms.CharField(required=False, max_length=1000, strip=False)
    client_id = forms.CharField(required=False, max_length=100)

    def values(self) -> dict[str, Any]:
        """`others`, `title` and `client_id`. Raises Hidden for somebody nobody can be."""
        self.is_valid()
        texts = self.data.getlist("target")[:MAX_CHOSEN]  # type: ignore[attr-defined]  # a QueryDict
        others = [Party.parse(text) for text in texts]
        if None in others:
            raise Hidden(NOBODY)
        return {
            "others": others,
            "title": self.cleaned_data.get("title") or "",
            "client_id": self.cleaned_data.get("client_id") or "",
        }
