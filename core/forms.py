"""Forms that look and speak like the rest of the interface: our field template, our classes, 422 on errors."""

from __future__ import annotations

from html import escape
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.forms.utils import flatatt
from django.forms.widgets import Widget
from django.utils.safestring import SafeString, mark_safe

from core.kept import SENTENCE

UNPROCESSABLE = 422

_SELECTS = (forms.Select, forms.NullBooleanSelect, forms.SelectMultiple)
_CHOICES = (forms.RadioSelect, forms.CheckboxSelectMultiple)
_INPUT_MODES = {"tel": "tel", "email": "email", "number": "numeric", "url": "url"}


class UiRenderer(TemplatesSetting):
    """Every form of the product is drawn by templates/components (setting FORM_RENDERER)."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class PlainSelect(forms.Select):
    """A select without groups, drawn in one pass: Django's own includes a template for each option, and the filters of
    a list would cost as much as its rows.
    """

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = self.format_value(value) or []
        options = "".join(
            f'<option value="{escape(str(key))}"{" selected" * (str(key) in chosen)}>{escape(str(label))}</option>'
            for key, label in self.choices
        )
        given = flatatt(self.build_attrs(self.attrs, attrs))
        return mark_safe(f'<select name="{escape(name)}"{given}>{options}</select>')  # noqa: S308  every value is escaped


def style_widget(widget: Widget) -> None:
    """Gives one widget the class and the keyboard it needs; what the form itself set is kept."""
    if isinstance(widget, forms.MultiWidget):
        for part in widget.widgets:
            style_widget(part)
        return
    if isinstance(widget, (*_CHOICES, forms.CheckboxInput)):
        css = "form-check-input"
    elif isinstance(widget, _SELECTS):
        css = "form-select"
    else:
        css = "form-control"
    given = str(widget.attrs.get("class", ""))
    if css not in given.split():
        widget.attrs["class"] = f"{css} {given}".strip()
    mode = _INPUT_MODES.get(getattr(widget, "input_type", "") or "")
    if mode:
        widget.attrs.setdefault("inputmode", mode)


class UiFormMixin(forms.BaseForm):
    """Common to all our forms.

    `two_columns = True` lays the fields out in two columns on wide windows; `wide` names those that keep the whole
    width. A Textarea with max_length gets a counter. Templates: `{{ form }}` draws summary and fields, or
    `{% include "components/errors.html" %}` and `{{ form.name.as_field_group }}` one by one.
    """

    two_columns: bool = False
    wide: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            style_widget(field.widget)
            limit = getattr(field, "max_length", None)
            if limit and isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = min(int(field.widget.attrs.get("rows", 3)), 3)
                field.widget.attrs["data-limit"] = limit
                field.widget.attrs["data-counter"] = f"{self[name].auto_id}-n"

    def lock(self, kept: str) -> None:
        """Shows the fields that a synchronization keeps (core.kept) read-only with a lock. The service refuses what is
        sent all the same.
        """
        for name in (name for name in kept.split() if name in self.fields):
            self.locked = (*self.locked, name)
            self.fields[name].widget.attrs["readonly"] = True
            self.fields[name].help_text = SENTENCE

    @property
    def http_status(self) -> int:
        """HTTP status for a page that shows this form: 422 when it was sent with errors, else 200."""
        return UNPROCESSABLE if self.is_bound and self.errors else 200


class UiForm(UiFormMixin, forms.Form):
    """Base of all forms without a model."""


class UiModelForm(UiFormMixin, forms.ModelForm):  # type: ignore[type-arg]  # the model is named in Meta of each form
    """Base of all forms of a model."""
