"""回收站: contacts that were deleted, for those who maintain them (SPEC CON-8; matrix rows 24, 27)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from contacts import console_bin, tables
from contacts.models import Contact
from contacts.services import bulk, people
from contacts.services.shared import missing
from contacts.views.guards import viewer
from core import htmx
from core.ui import Crumb, Pager
from orgs.views.guards import maintainers_only, person

PAGE = 50
LIST = "#bin"


@require_safe
@maintainers_only
def bin_list(request: HttpRequest) -> HttpResponse:
    """What was deleted in the last thirty days, newest first."""
    q = request.GET.get("q", "").replace("\0", "").strip()[:100]
    pages = Paginator(console_bin.rows(viewer(request), q), PAGE)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "rows": console_bin.shown(viewer(request), list(page)),
        "columns": console_bin.columns(),
        "restore_url": reverse("contacts:bin-restore-many"),
        "buttons": [("restore", _("Restore"), "")],
        "pager": Pager(total=pages.count, page=page.number, pages=pages.num_pages, target=LIST,
                       unit=_("people")),
        "q": q,
        "filter": {"action": reverse("contacts:bin"), "q": q, "target": LIST, "placeholder": _("Name, mobile"),
                   "reset_url": reverse("contacts:bin") if q else "", "id": "bin-q"},
        "crumbs": [Crumb(_("Administration")), Crumb(_("Organization structure"))],
    }  # fmt: skip
    full, fragment = "contacts/console/bin.html", "contacts/console/_bin.html"
    return htmx.page(request, full, fragment, context)


@require_POST
def bin_restore(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Takes one out of the bin again, without its account."""
    rows = Contact.objects.maintained_by(viewer(request)).binned()
    contact = rows.filter(pk=contact_id).first()
    if contact is None:
        raise missing()
    people.restore(by=person(request), contact=contact)
    messages.success(request, _("“%(name)s” was restored") % {"name": contact.name})
    return htmx.done(request, reverse("contacts:bin"))


@require_POST
@maintainers_only
def bin_restore_many(request: HttpRequest) -> HttpResponse:
    """Takes the chosen ones out of the bin again, all or none."""
    ids = [pk for text in request.POST.getlist("ids") if (pk := tables.number(text)) is not None]
    n = bulk.restore(by=person(request), contact_ids=ids[: PAGE * 2])
    said = ngettext("%(n)s contact was restored", "%(n)s contacts were restored", n)
    messages.success(request, said % {"n": n})
    return htmx.done(request, reverse("contacts:bin"))
