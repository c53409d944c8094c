"""What the lists and their questions show. No queries beyond the selectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.forms import ChannelForm
from approvals import selectors, tables
from approvals.forms import FilterForm, ReasonForm
from approvals.selectors import Asked
from core.forms import UiForm
from core.text import mask_mobile
from core.ui import Action, Column, Crumb, Fact, Pager, Tab
from core.vocabulary import word
from orgs.selectors.nodes import dimensions_in

if TYPE_CHECKING:
    from accounts.models import User
    from approvals.models import Application
    from contacts.models import Contact
    from contacts.permissions import Viewer

PAGE = 20
LIST = "#applications"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list."""

    application: Application
    place: str
    department: str
    may_decide: bool = False

    @property
    def value(self) -> str:
        """What the checkbox sends: which application, and which version of the contact was looked at."""
        return f"{self.application.pk}:{self.application.contact.version}"


def _rows(applications: Sequence[Application], decidable: set[int]) -> list[Row]:
    return [
        Row(
            application=row,
            place=selectors.place_of(row.contact),
            department=tables.department_of(row.applicant),
            may_decide=row.pk in decidable,
        )
        for row in applications
    ]


def application_list(viewer: Viewer, asked: Asked, *, page: str | None) -> dict[str, Any]:
    """One page of the back office list with tabs and counts."""
    pages = Paginator(selectors.listed(viewer=viewer, asked=asked), PAGE)
    found = pages.get_page(page)
    return {
        "rows": _rows(list(found), selectors.decidable(viewer, [row.pk for row in found])),
        "columns": _columns(_("Applicant")),
        "tabs": _tabs(asked, selectors.counts(viewer=viewer, asked=asked)),
        "pager": _pager(pages, found),
        "q": asked.q,
        "status": asked.status,
        "filter": {
            "action": tables.url("list"),
            "form": FilterForm(asked, dimensions_in(viewer.scope)),
            "q": asked.q,
            "id": "applications-q",
            "placeholder": _("Contact, mobile digits, number"),
            "target": LIST,
            "reset_url": _address(status=asked.status) if asked.values() else "",
        },
        "actions": [Action(_("Export"), f"{tables.url('export')}?{query_of(asked)}", "download")],
        "crumbs": [Crumb(_("Administration")), Crumb(_("Account security"))],
        "buttons": [
            ("approve", _("Approve"), "primary"),
            ("refuse", _("Refuse"), "danger-line"),
        ],
        "empty": _empty(asked),
    }


def file_header() -> list[str]:
    """Heads of the exported list."""
    return [
        _("Application"), _("Contact"), _("Mobile"), _("External organization"), _("Remark"), _("Applicant"),
        _("Department"), _("Date of application"), _("State"), _("Decided by"), _("Decided at"), _("Reason"),
    ]  # fmt: skip


def file_row(row: Application) -> list[str]:
    """One line of the exported list; numbers are masked as on the page."""
    return [
        row.number, row.contact.name, mask_mobile(row.contact.mobile), selectors.place_of(row.contact), row.remark,
        row.applicant.name, tables.department_of(row.applicant), tables.clock(row.created_at),
        str(word("application", row.status).label), row.decided_by.name if row.decided_by else "",
        tables.clock(row.decided_at), str(tables.reason_of(row)),
    ]  # fmt: skip


def mine(user: User, *, status: str, page: str | None) -> dict[str, Any]:
    """One page of the applications of `user`."""
    pages = Paginator(selectors.mine(user=user, status="" if status == "all" else status), PAGE)
    found = pages.get_page(page)
    here = tables.url("mine")
    labels = {key: label for key, label in _labels().items() if key != "all"}
    return {
        "rows": _rows(list(found), set()),
        "columns": _columns(),
        "tabs": [
            Tab(label, f"{here}?status={key}" if key else here, key == status)
            for key, label in {"": _("All"), **labels}.items()
        ],
        "pager": _pager(pages, found),
    }


def _columns(*more: str) -> list[Column]:
    labels = [_("Contact"), _("External organization"), _("Remark"), *more]
    columns = [Column(label) for label in [*labels, _("Date of application"), _("State")]]
    return [*columns, Column(_("Actions"), css="c-op")]


def _pager(pages: Paginator[Application], page: Page[Application]) -> Pager:
    return Pager(
        total=pages.count,
        page=page.number,
        pages=pages.num_pages,
        target=LIST,
        unit=_("applications"),
    )


def _address(**query: str) -> str:
    given = {key: value for key, value in query.items() if value}
    return tables.url("list") + (f"?{urlencode(given)}" if given else "")


def _labels() -> dict[str, str]:
    return {
        "pending": _("Waiting for approval"),
        "approved": _("Approved"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
        "lapsed": _("Lapsed"),
        "all": _("All"),
    }


def query_of(asked: Asked) -> str:
    """What the list shows, as the query of an address."""
    return urlencode({"status": asked.status, **asked.values()})


def _tabs(asked: Asked, counts: dict[str, int]) -> list[Tab]:
    more = asked.values()
    return [
        Tab(label, _address(status=key, **more), key == asked.status, counts[key], LIST)
        for key, label in _labels().items()
    ]


def _empty(asked: Asked) -> dict[str, str]:
    if asked.values():
        return {"kind": "match", "title": "", "text": ""}
    if asked.status == "pending":
        return {
            "kind": "none",
            "title": _("Nothing waits for approval"),
            "text": _("Applications of your dimensions appear here and in your messages."),
        }
    return {"kind": "none", "title": _("No such applications yet"), "text": ""}


def question(application: Application, *, approve: bool) -> dict[str, Any]:
    """The dialog before one decision."""
    contact = application.contact
    title = (
        _("Approve the account of %(name)s?") if approve else _("Refuse the account of %(name)s")
    )
    return {
        "title": title % {"name": contact.name},
        "facts": [
            Fact(_("Contact"), f"{contact.name} · {selectors.place_of(contact)}"),
            Fact(_("Applicant"), application.applicant.name),
            Fact(_("Remark"), application.remark),
        ],
        "consequences": [
            *([tables.channel_of(application)] if approve else []),
            _("The applicant is told."),
        ],
        "hidden": [
            ("approve", "1" if approve else "0"),
            ("version", contact.version),
            ("view", "dialog"),
        ],
        "action": tables.url("decide", application.pk),
        **_answer(_channel_form(contact) if approve else ReasonForm(), approve=approve),
    }


def _channel_form(contact: Contact) -> ChannelForm | None:
    form = ChannelForm(email=bool(contact.email), mobile=bool(contact.mobile))
    return form if form.fields else None


def bulk_question(
    applications: Sequence[Application],
    items: Sequence[tuple[int, int]],
    form: ReasonForm | None,
    *,
    approve: bool,
) -> dict[str, Any]:
    """The dialog before several decisions: every one of them by name and number."""
    names = [f"{row.contact.name} · {row.number}" for row in applications]
    title = _("Approve %(n)s applications?") if approve else _("Refuse %(n)s applications")
    return {
        "title": title % {"n": len(names)},
        "consequences": [*names[:PAGE], *(["…"] if len(names) > PAGE else [])],
        "hidden": [
            ("action", "approve" if approve else "refuse"),
            ("confirmed", "1"),
            *(("ids", f"{pk}:{version}") for pk, version in items),
        ],
        "action": tables.url("bulk"),
        **_answer(None if approve else form, approve=approve),
    }


def _answer(form: UiForm | None, *, approve: bool) -> dict[str, Any]:
    return {
        "form": form,
        "submit": _("Approve") if approve else _("Refuse"),
        "style": "primary" if approve else "danger",
        "back_url": tables.url("list"),
    }
