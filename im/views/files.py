"""Pictures and files of messages. Each look at one goes through its message, whose reader is asked for anew (T60)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST, require_safe

from core import htmx, uploads
from core.errors import Hidden
from im import files, selectors, services, tables
from im.models import Attachment

if TYPE_CHECKING:
    from im.tables.places import Request

POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)


@csrf_exempt  # the token is asked for in _attach: reading it reads the file, and that must have a limit first
@require_POST
def attach(request: Request, pk: int) -> HttpResponse:
    """Takes one file and sends it."""
    selectors.membership(conversation_id=pk, user=request.user)
    limit = files.LimitedUpload(files.limits_of(request.user))
    request.upload_handlers.insert(0, limit)
    return _attach(request, pk, limit)


@csrf_protect
def _attach(request: Request, pk: int, limit: files.LimitedUpload) -> HttpResponse:
    file = request.FILES.get("file")
    limit.check()
    if not isinstance(file, UploadedFile):
        raise uploads.RefusedFile(_("Choose a file"))
    services.send_file(
        conversation_id=pk,
        file=file,
        name=request.POST.get("name") or file.name or "",
        client_id=request.POST.get("client_id", ""),
        by=request.user,
    )
    return htmx.done(request, tables.url(request, "thread", pk))


@require_safe
def file(request: Request, pk: int, seq: int) -> FileResponse:
    """The file to be saved, or the whole picture to be looked at."""
    found = selectors.attachment(conversation_id=pk, seq=seq, user=request.user)
    return _served(found, found.file.name)


@require_safe
def preview(request: Request, pk: int, seq: int) -> FileResponse:
    """The small picture in a thread."""
    found = selectors.attachment(conversation_id=pk, seq=seq, user=request.user)
    return _served(found, found.preview.name)


def _served(found: Attachment, name: str | None) -> FileResponse:
    """Nothing of it runs, whatever is in it: pictures are ours, the rest is never shown (SECURITY T59)."""
    storage = found.file.storage
    if not name or not storage.exists(name):
        raise Hidden(_("There is no such file."))
    shown = found.kind == Attachment.Kind.PICTURE
    response = FileResponse(
        storage.open(name),
        as_attachment=not shown,
        filename=files.download_name(found),
        content_type=found.content_type
        if shown or found.content_type in uploads.SAFE_TYPES
        else uploads.OTHER,
    )
    response["Content-Security-Policy"] = POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response
