"""Several contacts at once: chosen in the list, asked about, then all of them or none (SPEC CON-5; matrix row 25)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.selectors import Picked, picked
from contacts import console_lists, selection, tables
from contacts.console_forms import LevelForm
from contacts.console_lists import Selection
from contacts.export_forms import ExportForm
from contacts.exports.columns import CONTACT_COLUMNS
from contacts.forms import TagsForm
from contacts.services import bulk, exports
from contacts.services.sharing import Holder
from contacts.tables import Here
from contacts.views.guards import viewer
from core import htmx
from core.ui import Fact
from orgs.models import Node
from orgs.views.asking import ask, attempt
from orgs.views.guards import load, on_node, person

Step = Callable[[HttpRequest, Selection, Here], HttpResponse]


@require_POST
@on_node
def bulk_act(request: HttpRequest, node: Node) -> HttpResponse:
    """One step of an action on a selection: choose what is missing, ask, do."""
    action = request.POST.get("action") or request.GET.get("action", "")
    if action not in STEPS:
        raise Http404
    at = console_lists.here(request, node)
    chosen = console_lists.selection(request, viewer(request), node, at)
    return STEPS[action](request, chosen, at)


def _question(chosen: Selection, at: Here, action: str, **question: Any) -> dict[str, Any]:
    return {
        "style": "primary",
        **question,
        "action": console_lists.bulk_url(at),
        "hidden": [
            ("action", action), ("confirmed", "1"), *chosen.hidden, *question.get("hidden", ())
        ],
        "back_url": at.list_url,
    }  # fmt: skip


def _done(request: HttpRequest, at: Here, said: str) -> HttpResponse:
    messages.success(request, said)
    return htmx.done(request, at.list_url)


def _confirmed(request: HttpRequest) -> bool:
    return request.POST.get("confirmed") == "1"


# --- Moving ---------------------------------------------------------------------------------------------------------


def _move(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    given = tables.number(request.POST.get("node", ""))
    if given is None:
        query = {"name": "node", "multiple": 0, "title": _("Move to…"),
                 "action": chosen.address(at, action="move")}  # fmt: skip
        return _see(f"{reverse('orgs:node-picker')}?{urlencode(query)}")
    target = load(request, given)
    if not _confirmed(request):
        return ask(request, _move_question(chosen, at, target))
    n = bulk.move(by=person(request), contact_ids=chosen.ids, node=target)
    said = ngettext(
        "%(n)s contact was moved to “%(node)s”", "%(n)s contacts were moved to “%(node)s”", n
    )
    return _done(request, at, said % {"n": n, "node": target.name})


def _move_question(chosen: Selection, at: Here, target: Node) -> dict[str, Any]:
    n = len(chosen.ids)
    title = ngettext("Move %(n)s contact to “%(node)s”?", "Move %(n)s contacts to “%(node)s”?", n)
    return _question(
        chosen, at, "move",
        title=title % {"n": n, "node": target.name},
        consequences=[
            _("Their main place changes; further places stay"),
            _("Whoever sees the new place sees them, whoever only saw the former one no longer does"),
        ],
        submit=_("Move"), hidden=[("node", target.pk)],
    )  # fmt: skip


# --- Tags -----------------------------------------------------------------------------------------------------------


def _tag(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    form = TagsForm(request.POST if _confirmed(request) else None)
    if form.is_bound and form.is_valid():
        what = {"contact_ids": chosen.ids, "names": form.cleaned_data["tags"]}
        n = attempt(form, lambda: bulk.tag(by=person(request), **what))
        if n is not None:
            said = ngettext("%(n)s contact got new tags", "%(n)s contacts got new tags", n)
            return _done(request, at, said % {"n": n})
    n = len(chosen.ids)
    title = ngettext("Add tags to %(n)s contact", "Add tags to %(n)s contacts", n) % {"n": n}
    question = _question(chosen, at, "tag", title=title, submit=_("Add tags"), form=form)
    return _form(request, question, form)


def _form(request: HttpRequest, question: dict[str, Any], form: Any) -> HttpResponse:
    full, fragment = "contacts/console/question.html", "components/dialog_confirm.html"
    return htmx.page(request, full, fragment, question, status=form.http_status)


# --- Sharing --------------------------------------------------------------------------------------------------------


def _share(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    values = request.POST.getlist("holders")
    if not values:
        query = {"kind": "both", "name": "holders", "title": _("Share with"),
                 "action": chosen.address(at, action="share")}  # fmt: skip
        return _see(f"{reverse('accounts:picker')}?{urlencode(query)}")
    holders = picked(values)
    form = LevelForm(request.POST if _confirmed(request) else None)
    if not (form.is_bound and form.is_valid()):
        return _form(request, _share_question(chosen, at, holders, form), form)
    n = bulk.share(
        by=person(request),
        contact_ids=chosen.ids,
        to=_holders(holders),
        level=form.cleaned_data["level"],
    )
    said = ngettext("%(n)s contact was shared anew", "%(n)s contacts were shared anew", n)
    return _done(request, at, said % {"n": n})


def _holders(to: Picked) -> list[Holder]:
    return [*to.users, *to.departments]


def _share_question(chosen: Selection, at: Here, to: Picked, form: LevelForm) -> dict[str, Any]:
    n = len(chosen.ids)
    keys = [f"p{user.pk}" for user in to.users] + [f"d{one.pk}" for one in to.departments]
    names = [one.name for one in _holders(to)]
    return _question(
        chosen, at, "share",
        title=ngettext("Share %(n)s contact?", "Share %(n)s contacts?", n) % {"n": n},
        facts=[Fact(_("Share with"), _(", ").join(names))],
        consequences=[_("A department means its members and those of the departments below it")],
        submit=_("Share"), form=form, hidden=[("holders", key) for key in keys],
    )  # fmt: skip


# --- Exporting ------------------------------------------------------------------------------------------------------


def _export(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    node = load(request, at.node_id or 0)
    form = ExportForm(request.POST if _confirmed(request) else None, columns=CONTACT_COLUMNS)
    if form.is_bound and form.is_valid():
        what = {"format_": form.cleaned_data["format"], "keys": form.cleaned_data["columns"]}
        named = selection.Selection.named(chosen.ids)
        job = attempt(
            form, lambda: exports.create(by=person(request), node=node, selection=named, **what)
        )
        if job is not None:
            return htmx.done(request, reverse("contacts:export-detail", args=[job.pk]))
    n = len(chosen.ids)
    title = ngettext("Export %(n)s contact", "Export %(n)s contacts", n) % {"n": n}
    question = _question(chosen, at, "export", title=title, submit=_("Export"), form=form)
    return _form(request, question, form)


# --- Disabling and enabling -----------------------------------------------------------------------------------------


def _disable(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    return _switch(request, chosen, at, enabled=False)


def _enable(request: HttpRequest, chosen: Selection, at: Here) -> HttpResponse:
    return _switch(request, chosen, at, enabled=True)


def _switch(request: HttpRequest, chosen: Selection, at: Here, *, enabled: bool) -> HttpResponse:
    if not _confirmed(request):
        return ask(request, _switch_question(chosen, at, enabled=enabled))
    n = bulk.set_enabled(by=person(request), contact_ids=chosen.ids, enabled=enabled)
    said = (
        ngettext("%(n)s contact is enabled", "%(n)s contacts are enabled", n)
        if enabled
        else ngettext("%(n)s contact is disabled", "%(n)s contacts are disabled", n)
    )
    return _done(request, at, said % {"n": n})


def _switch_question(chosen: Selection, at: Here, *, enabled: bool) -> dict[str, Any]:
    n = len(chosen.ids)
    if enabled:
        title = ngettext("Enable %(n)s contact?", "Enable %(n)s contacts?", n) % {"n": n}
        text = _("Their accounts work again. Sessions and links that were ended stay ended.")
        return _question(chosen, at, "enable", title=title, text=text, submit=_("Enable"))
    return _question(
        chosen, at, "disable", style="danger",
        title=ngettext("Disable %(n)s contact?", "Disable %(n)s contacts?", n) % {"n": n},
        consequences=disabling(),
        submit=ngettext("Disable %(n)s contact", "Disable %(n)s contacts", n) % {"n": n},
    )  # fmt: skip


def disabling() -> list[str]:
    """What disabling a contact does, as sentences."""
    return [
        _("Staff no longer find them in the address book and in choosers"),
        _("Their accounts stop working and their sessions end at once; applications lapse"),
        _("Nothing is lost: enabling brings it back"),
    ]


def _see(url: str) -> HttpResponseRedirect:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


STEPS: dict[str, Step] = {
    "move": _move, "tag": _tag, "share": _share, "export": _export, "disable": _disable, "enable": _enable
}  # fmt: skip
