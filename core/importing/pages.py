"""What the views of every import share: the file that was chosen, findings by page, files to hand out, one act."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from core import htmx
from core.cleaning import clean
from core.downloads import TYPES
from core.errors import Hidden, Invalid, UserError
from core.importing import jobs, words
from core.importing.forms import ColumnsForm
from core.importing.models import UploadJob
from core.importing.words import Urls
from core.ui import Crumb, Pager

PAGE = 50

J = TypeVar("J", bound=UploadJob)


def chosen(request: HttpRequest) -> UploadedFile:  # type: ignore[type-arg]  # bytes in practice
    """The file that was sent. Raises Invalid without one."""
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise Invalid(_("Choose a file"), field="file")
    return file


def holding(rows: "QuerySet[Any]", q: str) -> "QuerySet[Any]":
    """Findings whose row, name or value holds `q`."""
    text = clean(q, 100)
    if not text:
        return rows
    same_row = Q(row=int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else Q()
    return rows.filter(same_row | Q(name__icontains=text) | Q(value__icontains=text))


def fields(rows: "QuerySet[Any]") -> list[str]:
    """The columns that there are findings about."""
    return list(rows.order_by("field").values_list("field", flat=True).distinct())


def paged(request: HttpRequest, rows: "QuerySet[Any]") -> tuple["Page[Any]", Pager]:
    """The page that was asked for."""
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    pages = page.paginator
    return page, Pager(total=pages.count, page=page.number, pages=pages.num_pages)


def show(
    request: HttpRequest, job: UploadJob, urls: Urls, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """The page of one import, or the part of it that is asked for again."""
    context = context | {
        "urls": urls,
        "has_bad_rows": bool(job.file) and default_storage.exists(jobs.bad_rows_name(job)),
        "query": request.GET.urlencode(),
    }
    full, part = "components/importing/detail.html", "components/importing/job.html"
    return htmx.page(request, full, part, context, status=status)


def columns(
    request: HttpRequest, job: UploadJob, urls: Urls, *, form: ColumnsForm, save: Callable[[ColumnsForm], Any],
    title: Any, crumbs: list[Crumb],
) -> HttpResponse:  # fmt: skip
    """Which column of the file is what; then it is checked again."""
    if not job.header or job.status not in UploadJob.ASSIGNABLE:
        return redirect(urls.detail)
    if form.is_bound and form.is_valid():
        save(form)
        return redirect(urls.detail)
    context = {
        "job": job, "urls": urls, "form": form, "title": title, "crumbs": crumbs, "labels": words.STEPS,
        "columns_line": words.columns_line(job),
    }  # fmt: skip
    return render(request, "components/importing/columns.html", context, status=form.http_status)


def act(
    request: HttpRequest, job: J, urls: Urls, service: Callable[[J], Any], refused: Callable[[UserError], HttpResponse]
) -> HttpResponse:  # fmt: skip
    """One step of an import, then its page again; `refused` shows why not."""
    try:
        service(job)
    except Hidden:
        raise
    except UserError as error:
        job.refresh_from_db()
        return refused(error)
    return redirect(f"{urls.detail}?{request.GET.urlencode()}" if request.GET else urls.detail)


def bad_rows(job: UploadJob) -> HttpResponse:
    """The refused rows with their reasons. Raises Hidden where there are none."""
    name = jobs.bad_rows_name(job)
    if not job.file or not default_storage.exists(name):
        raise Hidden(_("There is no such file."))
    with default_storage.open(name) as file:
        return hand_out(file.read(), _("Refused rows"))


def hand_out(content: bytes, name: str) -> HttpResponse:
    """A workbook as a download."""
    response = HttpResponse(content, content_type=TYPES["xlsx"])
    response.headers["Content-Disposition"] = words.disposition(f"{name}.xlsx")
    return response


def card(
    request: HttpRequest, job: UploadJob, urls: Urls, *, place: str, summary: str
) -> HttpResponse:
    """What a notification shows of an import."""
    if not htmx.is_fragment(request):
        response: HttpResponse = redirect(urls.detail)
    else:
        context = {"job": job, "urls": urls, "place": place, "summary": summary}
        response = render(request, "components/importing/card.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
