"""我的任务: what one asked the worker to do, with state, progress, result and a way to stop it (matrix row 35)."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from contacts import job_words
from contacts.selectors import my_jobs
from contacts.selectors.my_jobs import Position
from core import htmx
from core.ui import Crumb, Pager
from orgs.views.guards import maintainers_only, person, scope


@require_safe
@maintainers_only
def job_list(request: HttpRequest) -> HttpResponse:
    """One's own jobs, newest first; asked for again while one of them is under way."""
    after, before = (Position.read(request.GET.get(key, "")) for key in ("after", "before"))
    page = my_jobs.page(person(request), after=None if before else after, before=before)
    rows = job_words.lines(page.jobs, scope(request))
    here = reverse("contacts:job-list")
    context = {
        "rows": rows,
        "columns": job_words.COLUMNS,
        "under_way": any(row.under_way for row in rows),
        "pager": Pager(
            previous_url=f"{here}?before={page.previous}" if page.previous else "",
            next_url=f"{here}?after={page.next}" if page.next else "",
        ),
        "crumbs": [Crumb(_("External organizations"), reverse("orgs:home")), Crumb(_("My jobs"))],
    }
    return htmx.page(request, "contacts/jobs/list.html", "contacts/jobs/_list.html", context)
