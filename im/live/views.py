"""What the process of the pages says when a proxy does not send /live/ to the process of the streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def elsewhere(request: HttpRequest) -> HttpResponse:
    """No stream here: 204 makes a browser stop asking, and its pages poll."""
    # With another type the console of the browser complains.
    return HttpResponse(status=204, content_type="text/event-stream")
