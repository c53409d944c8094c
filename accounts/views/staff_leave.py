"""Back office: disabling a staff member, with what hangs on him and who takes it over (SPEC ACC-6; matrix row 58)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import handover, words
from accounts.forms import ids_of
from accounts.handover import Part
from accounts.models import User
from accounts.services import leaving
from accounts.views.guards import admin_only, person
from accounts.views.picker import person_item
from core import htmx
from core.errors import Conflict, Invalid, UserError
from core.ui import Crumb


@admin_only
@require_http_methods(["GET", "HEAD", "POST"])
def staff_disable(request: HttpRequest, user_id: int) -> HttpResponse:
    """The question, with successors for what can be handed over."""
    user = get_object_or_404(User.objects.staff(), pk=user_id)
    if request.method != "POST":
        return _page(request, user, {})
    chosen: dict[str, User] = {}
    try:
        chosen = _chosen(request)
        leaving.leave(user=user, by=person(request), successors=chosen)
    except UserError as error:
        return _page(request, user, chosen, error)
    messages.success(request, _("%(name)s is disabled") % {"name": user.name})
    return htmx.done(request, reverse("accounts:staff-page", args=[user.pk]))


def _chosen(request: HttpRequest) -> dict[str, User]:
    """Key of a part → its successor. Raises Conflict when somebody was chosen who is no longer there."""
    found: dict[str, User] = {}
    for part in handover.parts():
        for pk in ids_of(request.POST.getlist(f"{part.key}_to")[:1]) if part.key else []:
            to = User.objects.active().staff().filter(pk=pk).first()
            if to is None:
                text = _("One of the chosen people is no longer there; please choose again")
                raise Conflict(text)
            found[part.key] = to
    return found


def _page(
    request: HttpRequest, user: User, chosen: dict[str, User], error: UserError | None = None
) -> HttpResponse:
    field = error.field if isinstance(error, Invalid) else ""
    parts = [(part, part.hanging(user)) for part in handover.parts()]
    context = {
        "shown": user,
        "rights": words.rights(user),
        "lines": [line for _part, lines in parts for line in lines if line.count],
        "fields": [
            _field(part, chosen.get(part.key), error if field == part.key else None)
            for part, lines in parts
            if part.key and any(line.count for line in lines)
        ],
        "error": "" if error is None or field else str(error),
        "crumbs": [
            Crumb(_("Staff"), reverse("accounts:staff")),
            Crumb(user.name, reverse("accounts:staff-page", args=[user.pk])),
            Crumb(_("Disable")),
        ],
    }
    return render(request, "accounts/leave.html", context, status=error.status if error else 200)


def _field(part: Part, chosen: User | None, error: UserError | None) -> dict[str, Any]:
    """What components/picker_field.html takes."""
    name = f"{part.key}_to"
    query = {"kind": "person", "multiple": 0, "name": name, "into": name, "title": part.label}
    return {
        "id": name,
        "name": name,
        "label": part.label,
        "items": [person_item(chosen)] if chosen else [],
        "picker_url": f"{reverse('accounts:picker')}?{urlencode(query)}",
        "error": str(error) if error else "",
    }
