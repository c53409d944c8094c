"""How somebody is told of what waits for him, his own choice (SPEC IM-4; matrix row 51)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from core import htmx
from core.errors import Invalid
from im import services, tables
from im.channels import push
from im.selectors.choices import settings_of

if TYPE_CHECKING:
    from im.tables.places import Request

GIVEN = ("channel", "topic", "rhythm")


@require_safe
def settings(request: Request) -> HttpResponse:
    """Channels and what was chosen for them."""
    return _page(request)


@require_POST
def choose(request: Request) -> HttpResponse:
    """A choice is kept at once; what cannot be chosen comes back with 422 and a sentence."""
    given = {name: request.POST.get(name, "")[:16] for name in GIVEN}
    try:
        services.choose(by=request.user, **given)
    except Invalid as error:
        return _page(request, refused=str(error), at=given["channel"], status=422)
    if not htmx.is_fragment(request):
        return htmx.done(request, tables.url(request, "settings"))
    return _page(request, saved=True, at=given["channel"])


def _page(request: Request, *, status: int = 200, **said: str | bool) -> HttpResponse:
    external = request.user.is_external
    context = {
        "shell": "base_portal.html" if external else "base_staff.html",
        "settings": settings_of(request.user),
        "rhythms": tables.RHYTHMS,
        "push": push.PushChannel().configured(),
        "choose_url": tables.url(request, "choose"),
    }
    full, fragment = "im/settings.html", "im/partials/_settings.html"
    return htmx.page(request, full, fragment, context | said, status=status)
