"""What the views of every import share: the file that was chosen, findings by page, files to hand out, one act."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

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
from core.importing.columns import Table
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


def hand_out(content: bytes, name: str) -> HttpResponse:
    """A workbook as a download."""
    response = HttpResponse(content, content_type=TYPES["xlsx"])
    response.headers["Content-Disposition"] = words.disposition(f"{name}.xlsx")
    return response


class Pages(ABC, Generic[J]):
    """The pages of one import, whatever kind it is. Each view method loads through own(), which refuses others."""

    table: Table
    title: Any
    services: Any
    """Module of the app: own(by, job_id), assign(by, job, columns), confirm(by, job, partly), cancel(by, job)."""

    @abstractmethod
    def urls(self, job: J) -> Urls:
        """Where its pages are."""

    @abstractmethod
    def crumbs(self, job: J) -> list[Crumb]:
        """The way to them."""

    @abstractmethod
    def summary(self, job: J) -> str:
        """One sentence about it."""

    @abstractmethod
    def place(self, job: J) -> str:
        """Where its people belong, for the card of a notification."""

    @abstractmethod
    def context(self, request: HttpRequest, job: J) -> dict[str, Any]:
        """What its page says beyond what all have: numbers, findings."""

    def own(self, request: HttpRequest, pk: int) -> J:
        """An import of whoever asks; raises Hidden otherwise."""
        job: J = self.services.own(by=request.user, job_id=pk)
        return job

    def detail(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where it stands: being checked, to be confirmed, refused with its rows, running, over."""
        return self._show(request, self.own(request, pk))

    def _show(
        self, request: HttpRequest, job: J, *, refused: str = "", status: int = 200
    ) -> HttpResponse:
        mapping = job.status == UploadJob.Status.MAPPING
        context = {
            **self.context(request, job),
            "title": self.title,
            "crumbs": self.crumbs(job),
            "urls": self.urls(job),
            "refused": refused,
            "form": self._form(job) if mapping else None,
            "has_bad_rows": bool(job.file) and default_storage.exists(jobs.bad_rows_name(job)),
            "query": request.GET.urlencode(),
        }
        full, part = "components/importing/detail.html", "components/importing/job.html"
        return htmx.page(request, full, part, context, status=status)

    def _form(self, job: J, given: Any = None) -> ColumnsForm:
        return ColumnsForm(given, table=self.table, described=job.header, chosen=job.columns)

    def columns(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Which column of the file is what; then it is checked again."""
        job = self.own(request, pk)
        urls, form = self.urls(job), self._form(job, request.POST or None)
        if not job.header or job.status not in UploadJob.ASSIGNABLE:
            return redirect(urls.detail)
        if form.is_bound and form.is_valid():
            self.services.assign(by=request.user, job=job, columns=form.columns())
            return redirect(urls.detail)
        context = {
            "job": job, "urls": urls, "form": form, "title": self.title, "crumbs": self.crumbs(job),
            "labels": words.STEPS, "columns_line": words.columns_line(job),
        }  # fmt: skip
        return render(
            request, "components/importing/columns.html", context, status=form.http_status
        )

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Starts a checked import; with partly=1 without the rows that have errors."""
        return self.act(
            request, pk, self.services.confirm, partly=request.POST.get("partly") == "1"
        )

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Stops an import."""
        return self.act(request, pk, self.services.cancel)

    def act(
        self, request: HttpRequest, pk: int, service: Callable[..., Any], **more: Any
    ) -> HttpResponse:
        """One step of an import, then its page again, which says why not."""
        job = self.own(request, pk)
        try:
            service(by=request.user, job=job, **more)
        except Hidden:
            raise
        except UserError as error:
            job.refresh_from_db()
            return self._show(request, job, refused=str(error), status=error.status)
        detail = self.urls(job).detail
        return redirect(f"{detail}?{request.GET.urlencode()}" if request.GET else detail)

    def bad_rows(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The refused rows with their reasons. Raises Hidden where there are none."""
        job = self.own(request, pk)
        name = jobs.bad_rows_name(job)
        if not job.file or not default_storage.exists(name):
            raise Hidden(_("There is no such file."))
        with default_storage.open(name) as file:
            return hand_out(file.read(), _("Refused rows"))

    def card(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What a notification shows of an import."""
        job = self.own(request, pk)
        if not htmx.is_fragment(request):
            response: HttpResponse = redirect(self.urls(job).detail)
        else:
            context = {
                "job": job, "urls": self.urls(job), "place": self.place(job), "summary": self.summary(job),
            }  # fmt: skip
            response = render(request, "components/importing/card.html", context)
        patch_vary_headers(response, ["HX-Request"])
        return response
