"""Where WeCom calls: by signature only, one answer to whatever is wrong (matrix row 52; SECURITY T63 to T67)."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import throttle
from core import context
from wecom_sync.gateway import CallbackRefused, Signed, is_signed, open_echo, open_event
from wecom_sync.gateway.callbacks import MAX_BODY
from wecom_sync.models import Connection
from wecom_sync.refusals import refusals
from wecom_sync.services import callbacks


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "POST"])
def callback(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the check of the address. POST: an event, taken in and answered at once."""
    try:
        return HttpResponse(_answer(request, pk), content_type="text/plain")
    except CallbackRefused:
        return HttpResponse(status=403)


def _answer(request: HttpRequest, pk: int) -> str:
    """Who was refused often is looked into no more, unless it is signed with a key that this process knows."""
    if _size(request) > MAX_BODY:
        raise CallbackRefused
    given = (request.GET.get(name, "") for name in ("msg_signature", "timestamp", "nonce"))
    signed, source = Signed(*given), throttle.source_key(context.current().ip)
    if refusals.limited(source) and not _known(request, pk, signed):
        raise CallbackRefused
    try:
        return _opened(request, pk, signed)
    except CallbackRefused:
        refusals.count(source)
        raise


def _known(request: HttpRequest, pk: int, signed: Signed) -> bool:
    key = callbacks.known_key(pk)
    return key is not None and is_signed(key, signed, echo=_echo(request), body=request.body)


def _echo(request: HttpRequest) -> str:
    return request.GET.get("echostr", "") if request.method == "GET" else ""


def _opened(request: HttpRequest, pk: int, signed: Signed) -> str:
    connection = Connection.objects.filter(pk=pk).first()
    if connection is None:
        raise CallbackRefused
    key, receivers = callbacks.key_of(connection), callbacks.receivers_of(connection)
    if request.method == "GET":
        return open_echo(key, receivers, signed, _echo(request))
    callbacks.take_in(connection=connection, event=open_event(key, receivers, signed, request.body))
    return ""


def _size(request: HttpRequest) -> int:
    """What the body claims to be; its bytes are read only when that is little."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() and len(length) < 9 else MAX_BODY + 1
