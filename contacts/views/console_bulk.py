"""Several contacts at once: chosen in the list, asked about, then done, by the worker if many (CON-5; row 25)."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.selectors import picked
from contacts import bulk_words, console_lists, tables
from contacts.console_forms import LevelForm
from contacts.console_lists import Chosen
from contacts.export_forms import ExportForm
from contacts.exports.columns import CONTACT_COLUMNS
from contacts.forms import TagsForm
from contacts.models import BulkJob
from contacts.services import bulk_jobs, exports
from contacts.services.bulk import Options
from contacts.views.guards import viewer
from core import htmx
from core.errors import Invalid
from core.forms import UiForm
from orgs.models import Node
from orgs.views.asking import ask, attempt, choose, confirmed, step_of
from orgs.views.guards import load, on_node, person

Step = Callable[[HttpRequest, Node, Chosen], HttpResponse]


@require_POST
@on_node
def bulk_act(request: HttpRequest, node: Node) -> HttpResponse:
    """One step of an action on a selection: choose what is missing, ask, do."""
    step = step_of(request, STEPS)
    at = console_lists.here(request, node)
    return step(request, node, console_lists.chosen(request, viewer(request), at))


def _question(chosen: Chosen, action: str, **question: Any) -> dict[str, Any]:
    words = bulk_words.question(action, chosen.n, chosen.words)
    consequences = [*question.pop("consequences", ()), *words.pop("consequences")]
    if chosen.gone:
        consequences.insert(0, bulk_words.left_out(chosen.gone, chosen.n + chosen.gone))
    if chosen.large and action != "export":
        consequences.append(
            _("This is done in the background; you may leave the page and cancel it")
        )
    return {
        **words, **question, "consequences": consequences,
        "action": console_lists.bulk_url(chosen.at),
        "hidden": [
            ("action", action), ("confirmed", "1"), *chosen.hidden, *question.get("hidden", ())
        ],
        "back_url": chosen.at.list_url,
    }  # fmt: skip


def _start(
    request: HttpRequest, node: Node, chosen: Chosen, action: str, options: Options
) -> HttpResponse:
    """Done, or under way on a page of its own."""
    found = bulk_jobs.start(
        by=person(request), node=node, selection=chosen.selection, action=action, options=options
    )
    if isinstance(found, BulkJob):
        return htmx.done(request, reverse("contacts:bulk-detail", args=[found.pk]))
    messages.success(request, bulk_words.said(action, found))
    return htmx.done(request, chosen.at.list_url)


def _form(request: HttpRequest, question: dict[str, Any], form: UiForm) -> HttpResponse:
    full, fragment = "contacts/console/question.html", "components/dialog_confirm.html"
    context = {**question, "form": form}
    return htmx.page(request, full, fragment, context, status=form.http_status)


def _move(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
    given = tables.number(request.POST.get("node", ""))
    if given is None:
        return _see(
            "orgs:node-picker", chosen, "move", name="node", multiple=0, title=_("Move to…")
        )
    target = load(request, given)
    if confirmed(request):
        return _start(request, node, chosen, "move", {"node": target.pk})
    n = chosen.n
    title = ngettext("Move %(n)s contact to “%(node)s”?", "Move %(n)s contacts to “%(node)s”?", n)
    title %= {"n": chosen.words, "node": target.name}
    return ask(request, _question(chosen, "move", title=title, hidden=[("node", target.pk)]))


def _tags(action: str) -> Step:
    def step(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
        form = TagsForm(request.POST if confirmed(request) else None)
        if form.is_bound and form.is_valid():
            text = form.cleaned_data["tags"]
            done = attempt(form, lambda: _start(request, node, chosen, action, {"tags": text}))
            if done is not None:
                return done
        return _form(request, _question(chosen, action), form)

    return step


def _share(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
    values = request.POST.getlist("holders")
    if not values:
        return _holders(chosen, "share", _("Share with"))
    form = LevelForm(request.POST if confirmed(request) else None)
    if form.is_bound and form.is_valid():
        level = form.cleaned_data["level"]
        return _start(request, node, chosen, "share", {"holders": values, "level": level})
    return _form(request, _with(chosen, "share", _("Share with"), values), form)


def _unshare(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
    values = request.POST.getlist("holders")
    if not values:
        return _holders(chosen, "unshare", _("No longer share with"))
    if confirmed(request):
        return _start(request, node, chosen, "unshare", {"holders": values})
    return ask(request, _with(chosen, "unshare", _("No longer share with"), values))


def _holders(chosen: Chosen, action: str, title: str) -> HttpResponse:
    return _see("accounts:picker", chosen, action, name="holders", kind="both", title=title)


def _with(chosen: Chosen, action: str, label: str, values: list[str]) -> dict[str, Any]:
    """The question with the names of people and departments."""
    holders = picked(values)
    names = [user.name for user in holders.users] + [one.name for one in holders.departments]
    hidden = [("holders", value) for value in values]
    return _question(chosen, action, facts=bulk_words.fact(label, names), hidden=hidden)


def _follower(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
    given = tables.number(request.POST.get("follower", ""))
    if given is None:
        return _see(
            "accounts:picker", chosen, "follower", name="follower", kind="person", multiple=0,
            title=_("Choose the new follower"),
        )  # fmt: skip
    if confirmed(request):
        return _start(request, node, chosen, "follower", {"user": given})
    follower = User.objects.active().staff().filter(pk=given).first()
    if follower is None:
        raise Invalid(_("Only active staff can be chosen here"), field="follower")
    facts = bulk_words.fact(_("New follower"), [follower.name])
    return ask(request, _question(chosen, "follower", facts=facts, hidden=[("follower", given)]))


def _export(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
    form = ExportForm(request.POST if confirmed(request) else None, columns=CONTACT_COLUMNS)
    if form.is_bound and form.is_valid():
        what = {"format_": form.cleaned_data["format"], "keys": form.cleaned_data["columns"]}
        given = {"by": person(request), "node": node, "selection": chosen.selection, **what}
        job = attempt(form, lambda: exports.create(**given))
        if job is not None:
            return htmx.done(request, reverse("contacts:export-detail", args=[job.pk]))
    return _form(request, _question(chosen, "export"), form)


def _plain(action: str) -> Step:
    def step(request: HttpRequest, node: Node, chosen: Chosen) -> HttpResponse:
        if confirmed(request):
            return _start(request, node, chosen, action, {})
        return ask(request, _question(chosen, action))

    return step


def _see(chooser: str, chosen: Chosen, action: str, **query: Any) -> HttpResponse:
    return choose(chooser, action=chosen.address(action=action), **query)


STEPS: dict[str, Step] = {
    "move": _move, "tag": _tags("tag"), "untag": _tags("untag"), "share": _share, "unshare": _unshare,
    "follower": _follower,
    "export": _export, "disable": _plain("disable"), "enable": _plain("enable"), "delete": _plain("delete"),
}  # fmt: skip
