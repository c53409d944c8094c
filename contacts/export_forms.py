"""What an export is asked for."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import ExportJob
from core.forms import UiForm
from core.importing.columns import Column


class ExportForm(UiForm):
    """Which of them, which columns, what kind of file. `reaches`: (value, label with number) of what may be exported;
    a single one is not asked about.
    """

    reach = forms.ChoiceField(label=_("Which ones"), widget=forms.RadioSelect)
    format = forms.ChoiceField(
        label=_("Kind of file"), widget=forms.RadioSelect, choices=ExportJob.Format.choices,
        initial=ExportJob.Format.XLSX,
    )  # fmt: skip
    columns = forms.MultipleChoiceField(
        label=_("Columns"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one column")},
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        columns: Sequence[Column],
        reaches: Sequence[tuple[str, str]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["columns"]
        chosen.choices = [(column.key, column.label) for column in columns]  # type: ignore[attr-defined]  # a choice field
        chosen.initial = [column.key for column in columns]
        if reaches:
            self.fields["reach"].choices = reaches  # type: ignore[attr-defined]  # a choice field
            self.fields["reach"].initial = reaches[0][0]
        else:
            del self.fields["reach"]
