"""Items of 个人待办 from other systems (docs/todo-api.md): a token, JSON, no session, no cookies."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.errors import Throttled, UserError
from portal import todo_input
from portal.models import PushedTodo, TodoSystem
from portal.services import pushed

MAX_BYTES: Final = 16 * 1024
READABLE: Final = {"ensure_ascii": False}


class Refused(UserError):
    """The request itself is wrong; `status` as given."""

    def __init__(self, status: int, code: str, message: Any) -> None:
        super().__init__(message, code=code)
        self.status = status


def _refusal(error: UserError) -> HttpResponse:
    words = {}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            words[language] = str(error)
    code = "not_found" if error.code == "hidden" else error.code
    told = {"code": code, "message": words["zh-hans"], "message_en": words["en"]}
    field = getattr(error, "field", None)
    if field:
        told["field"] = field
    response = JsonResponse({"error": told}, status=error.status, json_dumps_params=READABLE)
    if error.status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Throttled):
        response["Retry-After"] = str(error.retry_after)
    return response


def _system(request: HttpRequest) -> TodoSystem:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    system = pushed.enter(token.strip()) if scheme.lower() == "bearer" and token else None
    if system is None:
        raise Refused(401, "bad_token", _("The token is missing, wrong or disabled."))
    return system


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON of the body. Its size is known before a byte of it is read."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        raise Refused(411, "no_length", _("Send the length of the body (Content-Length)."))
    if len(length) > 9 or int(length) > MAX_BYTES:
        raise Refused(413, "too_large", _("The body is larger than 16 KB."))
    if request.content_type != "application/json":
        raise Refused(415, "not_json", _("Send JSON: Content-Type application/json."))
    return todo_input.parsed(request.body)


def _api(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Turns the token into the system, and every refusal into JSON."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @login_not_required
        @require_http_methods(methods)
        @wraps(view)
        def answered(request: HttpRequest, /, **kwargs: str) -> HttpResponse:
            try:
                response = view(request, _system(request), **kwargs)
            except UserError as error:
                response = _refusal(error)
            response["Cache-Control"] = "no-store"
            return response

        return answered

    return decorate


def _shown(item: PushedTodo, status: int = 200) -> HttpResponse:
    values = {
        "external_id": item.external_id, "contact_id": item.contact_id, "title": item.title, "link": item.link,
        "due": item.due, "done": item.done, "created_at": item.created_at, "updated_at": item.updated_at,
    }  # fmt: skip
    return JsonResponse(values, status=status, json_dumps_params=READABLE)


def _put(system: TodoSystem, external_id: str, values: dict[str, Any]) -> HttpResponse:
    key = todo_input.external_id(external_id)
    given = todo_input.item(values, system.hosts)
    item, new = pushed.put(system=system, external_id=key, given=given)
    return _shown(item, 201 if new else 200)


@_api("POST")
def items(request: HttpRequest, system: TodoSystem) -> HttpResponse:
    """A new item, or another state of one: `external_id` stands in the body."""
    values = _body(request)
    return _put(system, values.pop("external_id", ""), values)


@_api("GET", "PUT", "DELETE")
def item(request: HttpRequest, system: TodoSystem, external_id: str) -> HttpResponse:
    """One item: read, put, taken back."""
    if request.method == "PUT":
        return _put(system, external_id, _body(request))
    if request.method == "GET":
        return _shown(pushed.found(system=system, external_id=external_id))
    pushed.take_back(system=system, external_id=external_id)
    return HttpResponse(status=204)


@_api("POST")
def done(request: HttpRequest, system: TodoSystem, external_id: str) -> HttpResponse:
    """The item is done."""
    return _shown(pushed.finish(system=system, external_id=external_id))
