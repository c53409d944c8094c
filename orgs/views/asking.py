"""Dialogs: a form or a question, the same as a page of its own without htmx."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse

from core import htmx
from core.errors import Invalid, UserError
from core.forms import UNPROCESSABLE, UiForm
from orgs.forms import take

T = TypeVar("T")


def attempt(form: UiForm, act: Callable[[], T]) -> T | None:
    """What a service returns; None when it refused, and then the form says why."""
    try:
        return act()
    except Invalid as error:
        take(form, error)
    return None


def form_dialog(
    request: HttpRequest, form: UiForm, *, title: str, submit: str, back_url: str
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
        request, "orgs/form_page.html", "components/dialog_form.html", context,
        status=form.http_status,
    )  # fmt: skip


def ask(
    request: HttpRequest, question: dict[str, Any], problem: UserError | None = None
) -> HttpResponse:
    """A question before something happens; with `problem` the answer why it did not (422)."""
    context = {"action": request.path, "error": problem, **question}
    return htmx.page(
        request, "orgs/confirm_page.html", "components/dialog_confirm.html", context,
        status=UNPROCESSABLE if problem else 200,
    )  # fmt: skip
