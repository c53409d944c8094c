"""Dialogs: a form or a question, the same as a page of its own without htmx."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from core import htmx
from core.errors import Invalid, UserError
from core.forms import UNPROCESSABLE, UiFormMixin
from orgs import counting, sentences
from orgs.forms import take
from orgs.models import Node
from orgs.selectors import effects
from orgs.views.restructuring import hints

T = TypeVar("T")


def attempt(form: UiFormMixin, act: Callable[[], T]) -> T | None:
    """What a service returns; None when it refused, and then the form says why."""
    try:
        return act()
    except Invalid as error:
        take(form, error)
    return None


def step_of(request: HttpRequest, steps: Mapping[str, T]) -> T:
    """What is done with a selection, by the name in body or address; anything else is missing."""
    action = request.POST.get("action") or request.GET.get("action", "")
    if action not in steps:
        raise Http404
    return steps[action]


def confirmed(request: HttpRequest) -> bool:
    """Whether the question about a selection was answered."""
    return request.POST.get("confirmed") == "1"


def choose(chooser: str, **query: Any) -> HttpResponse:
    """Goes on to a chooser, which posts back."""
    response = HttpResponseRedirect(f"{reverse(chooser)}?{urlencode(query)}")
    response.status_code = 303
    return response


def form_dialog(
    request: HttpRequest, form: UiFormMixin, *, title: str, submit: str, back_url: str
) -> HttpResponse:
    """A form as a dialog, or as a page."""
    context = {
        "form": form,
        "title": title,
        "submit": submit,
        "action": request.path,
        "back_url": back_url,
        "wide": form.two_columns,
    }
    return htmx.page(
        request, "components/form_page.html", "components/dialog_form.html", context,
        status=form.http_status,
    )  # fmt: skip


def ask(
    request: HttpRequest,
    question: dict[str, Any],
    problem: UserError | None = None,
    status: int = 200,
) -> HttpResponse:
    """A question before something happens; with `problem` the answer why it did not (422)."""
    context = {"action": request.path, "error": problem, **question}
    return htmx.page(
        request, "orgs/confirm_page.html", "components/dialog_confirm.html", context,
        status=UNPROCESSABLE if problem else status,
    )  # fmt: skip


def switched(
    request: HttpRequest, node: Node, act: Callable[[], object], *,
    enabled: bool, title: str, back_url: str, vanishes: str = "",
) -> HttpResponse:  # fmt: skip
    """Asks, and once it is answered enables or disables the node through `act`; `vanishes` says what goes with it.

    A response that `act` returns is the answer: the worker does it.
    """
    problem: UserError | None = None
    if request.method == "POST":
        try:
            done = act()
        except Invalid as error:
            problem = error
        else:
            if isinstance(done, HttpResponse):
                return done
            said = _("“%(name)s” is enabled") if enabled else _("“%(name)s” is disabled")
            messages.success(request, said % {"name": node.name})
            return htmx.done(request, back_url)
    question = _enabling() if enabled else _disabling(node, vanishes)
    question["consequences"] = [*hints(request, [node]), *question.get("consequences", ())]
    return ask(request, question | {"title": title, "back_url": back_url}, problem)


def _enabling() -> dict[str, Any]:
    text = _("Everything below that is not disabled itself counts again.")
    return {"text": text, "submit": _("Enable"), "style": "primary"}


def _disabling(node: Node, vanishes: str) -> dict[str, Any]:
    impact = sentences.disabling(effects.live_below([node]), counting.impact([node]), vanishes)
    return {**impact, "facts_css": "kv-n mb-3", "submit": _("Disable"), "style": "danger"}
