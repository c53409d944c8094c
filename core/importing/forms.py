"""Forms of an import: what the columns of a file are, and which findings are looked at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from core.forms import UiForm
from core.importing import headers
from core.importing.columns import Table
from core.sheets.xlsx import column_letters


class ColumnsForm(UiForm):
    """One choice for each column of the file; `described` is UploadJob.header, `chosen` what was said before."""

    def __init__(
        self, *args: Any, table: Table, described: Sequence[Mapping[str, Any]], chosen: Mapping[str, str], **kwargs: Any
    ) -> None:  # fmt: skip
        self.table, self.described = table, described
        super().__init__(*args, **kwargs)
        columns = [(column.key, column.label) for column in table.columns]
        for at, column in enumerate(described):
            heading = column["heading"] or column_letters(at + 1)
            self.fields[f"c{at}"] = forms.ChoiceField(
                label=_("What is “%(heading)s”?") % {"heading": heading},
                choices=[("", _("Do not read")), *columns],
                required=False,
                initial=chosen.get(str(at), "") if chosen else column["key"],
                widget=forms.Select(attrs={"class": "form-select"}),
            )

    def lines(self) -> Iterator[tuple[str, str, Sequence[str], forms.BoundField]]:
        """For each column its letters, its heading, values in it, and the choice."""
        for at, column in enumerate(self.described):
            yield column_letters(at + 1), column["heading"], column["samples"], self[f"c{at}"]

    def columns(self) -> dict[int, str]:
        """Column from 0 → key, without those that are not read."""
        given = {at: self.cleaned_data.get(f"c{at}", "") for at in range(len(self.described))}
        return {at: key for at, key in given.items() if key}

    def clean(self) -> dict[str, Any]:
        try:
            headers.check(self.table, headers.header_of(self.described, self.columns()))
        except Invalid as error:
            raise forms.ValidationError(str(error)) from error
        return self.cleaned_data


class FindingsForm(UiForm):
    """Narrows the findings of a check. `kinds`: what there may be beside errors; `fields`: columns with findings."""

    kind = forms.ChoiceField(label=_("Result"), required=False)
    field = forms.ChoiceField(label=_("Field"), required=False)

    def __init__(
        self, *args: Any, table: Table, fields: Sequence[str], kinds: Sequence[tuple[str, Any]] = (), **kwargs: Any
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        names = [(key, table.label_of(key)) for key in fields]
        self.fields["field"].choices = [("", _("All fields")), *names]  # type: ignore[attr-defined]  # a choice field
        results = [("", _("All results")), ("error", _("Errors")), *kinds]
        self.fields["kind"].choices = results  # type: ignore[attr-defined]  # a choice field
        if not kinds:
            del self.fields["kind"]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to narrow."""
        return len(self.fields["field"].choices) == 1  # type: ignore[attr-defined]  # a choice field
