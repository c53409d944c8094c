"""A list as a file at once: asked for its kind, then written and handed out. What is long is streamed, or goes through
exports.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, cast

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.forms import UiForm
from core.sheets import csv_parts, write_csv, write_xlsx

ROWS = 20_000
"""What one file holds."""


TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}


class FormatForm(UiForm):
    """The kind of file of a list that is written at once."""

    format = forms.ChoiceField(
        label=gettext_lazy("Kind of file"),
        choices=[("xlsx", gettext_lazy("Excel (.xlsx)")), ("csv", gettext_lazy("CSV, UTF-8"))],
    )


NEWEST = gettext_lazy(
    "It holds the newest %(n)s entries that match; narrow the period for older ones."
)


def ask(
    request: HttpRequest, form: FormatForm, *, title: str, back_url: str, told: Any = NEWEST
) -> HttpResponse:
    """The page that asks for the kind of file. `told`: what it says about what the file holds."""
    form.fields["format"].help_text = str(told) % {"n": f"{ROWS:,}"}
    context = {
        "form": form, "title": title, "submit": _("Export"), "action": request.get_full_path(), "back_url": back_url,
    }  # fmt: skip
    return render(request, "components/form_page.html", context, status=form.http_status)


def hand_out(
    *, title: str, format_: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> HttpResponse:
    """The file, formula-safe, never kept by the browser. The caller has asked for the right and noted it."""
    response = FileResponse(
        _written(title, format_, header, rows), as_attachment=True, content_type=TYPES[format_],
        filename=_name(title, format_),
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)


def stream(*, title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """A CSV that is sent while `rows` are read, after the view and in its language: as safe as `hand_out`, however long
    it is. The caller has asked for the right and noted it; what fails on the way ends the download.
    """
    parts = _encoded(csv_parts(header, rows), translation.get_language())
    response = StreamingHttpResponse(parts, content_type=f"{TYPES['csv']}; charset=utf-8")
    name = content_disposition_header(as_attachment=True, filename=_name(title, "csv"))
    response.headers["Content-Disposition"] = str(name)
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)


def _encoded(parts: Iterator[str], language: str | None) -> Iterator[bytes]:
    with translation.override(language):
        yield "\ufeff".encode()
        for part in parts:
            yield part.encode(errors="replace")


def _name(title: str, format_: str) -> str:
    return f"{title}-{timezone.localdate():%Y%m%d}.{format_}"


def _written(
    title: str, format_: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> IO[bytes]:
    """A file that is gone once it is read."""
    with tempfile.NamedTemporaryFile() as file:
        path = Path(file.name)
        if format_ == "xlsx":
            write_xlsx(path, header, rows, sheet_name=title)
        else:
            write_csv(path, header, rows)
        return path.open("rb")
