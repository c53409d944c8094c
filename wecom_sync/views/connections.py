"""Connections: the list, one with its chains and history, and what administrators do to it (matrix rows 53, 54)."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.views.guards import person
from core import htmx
from core.errors import Hidden, UserError
from core.ui import Action, Crumb, Secret
from orgs.models import Node
from orgs.selectors.below import number
from orgs.views.asking import ask, attempt, form_dialog
from wecom_sync import addresses, selectors, tables
from wecom_sync.forms import ConnectionForm, DoorsForm, PolicyForm
from wecom_sync.models import Chain, Connection
from wecom_sync.permissions import may_connect
from wecom_sync.services import connections as services
from wecom_sync.services import probing
from wecom_sync.views.guards import connection_of, connectors_only, runners_only
from wecom_sync.words import health

EDITABLE = ("GET", "HEAD", "POST")


def url_of(connection: Connection) -> str:
    """Address of the page of a connection."""
    return reverse("wecom_sync:connection", args=[connection.pk])


def crumbs(*more: Crumb) -> list[Crumb]:
    """The way to a page."""
    return [
        Crumb(_("Integration")),
        Crumb(_("WeCom synchronization"), reverse("wecom_sync:list")),
        *more,
    ]


@require_safe
@runners_only
def index(request: HttpRequest) -> HttpResponse:
    """Every connection and how it is."""
    new = Action(_("Connect a corp"), reverse("wecom_sync:new"), "plus", "primary", dialog=True)
    context = {
        "rows": tables.connections(), "columns": tables.LIST_COLUMNS,
        "actions": [new] if may_connect(person(request)) else [], "new": new, "crumbs": crumbs()[:1],
    }  # fmt: skip
    return htmx.page(request, "wecom_sync/list.html", "wecom_sync/partials/_list.html", context)


@require_safe
@runners_only
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One connection: its card, its chains with their policies, what is going on, what was."""
    return _detail(request, connection_of(pk))


def _detail(request: HttpRequest, connection: Connection, **more: Any) -> HttpResponse:
    mine, url = may_connect(person(request)), url_of(connection)
    chains = tables.chains(connection, may_connect=mine)
    actions, menu = tables.actions(connection) if mine else ([], [])
    context = {
        "connection": connection, "health": health(connection), "facts": tables.facts(connection),
        "chains": chains, "chain_columns": tables.CHAIN_COLUMNS, "lands": any(one.chain.target for one in chains),
        "current": selectors.current(connection), "crumbs": crumbs(Crumb(connection.name)),
        "actions": actions, "more": menu, "url": request.get_full_path(),
        **tables.history(connection, number(request.GET.get("before", "")), url), **more,
    }  # fmt: skip
    return htmx.page(
        request, "wecom_sync/connection.html", "wecom_sync/partials/_connection.html", context
    )


@require_http_methods(EDITABLE)
@connectors_only
def new(request: HttpRequest) -> HttpResponse:
    """Connects a corp."""
    form = ConnectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: services.create(by=person(request), **form.cleaned_data))
        if made:
            messages.success(request, _("Connected. Test it next"))
            return htmx.done(request, url_of(made))
    back = reverse("wecom_sync:list")
    return form_dialog(request, form, title=_("Connect a corp"), submit=_("Connect"), back_url=back)


@require_http_methods(EDITABLE)
@connectors_only
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, corp, application, secret."""
    connection = connection_of(pk)
    form = ConnectionForm(request.POST or None, connection=connection)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        act = partial(services.edit, by=person(request), connection=connection, **given)
        if attempt(form, act):
            messages.success(request, _("Saved"))
            return htmx.done(request, url_of(connection))
    title = _("Edit %(name)s") % {"name": connection.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=url_of(connection))


@require_http_methods(EDITABLE)
@connectors_only
def doors(request: HttpRequest, pk: int) -> HttpResponse:
    """Log-in with 企业微信, and notifications there."""
    connection, back = connection_of(pk), url_of(connection_of(pk))
    now = {"login": connection.login, "notify": connection.notify}
    form = DoorsForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        services.set_doors(by=person(request), connection=connection, **form.cleaned_data)
        messages.success(request, _("Saved"))
        return htmx.done(request, back)
    title = _("Log-in and notifications of “%(name)s”") % {"name": connection.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


@require_http_methods(EDITABLE)
@connectors_only
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a chain lands, what WeCom keeps of it, what becomes of people who left, the brake."""
    chain = _chain(pk)
    form = PolicyForm(request.POST or None, chain=chain, picked=_picked(request))
    back = url_of(chain.connection)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        if attempt(form, lambda: services.set_policy(by=person(request), chain=chain, **given)):
            messages.success(request, _("Saved. It counts from the next run on"))
            return htmx.done(request, back)
    title = _("Policy of “%(name)s”") % {"name": chain.name}
    return form_dialog(request, form, title=title, submit=_("Save"), back_url=back)


def _chain(pk: int) -> Chain:
    found = Chain.objects.select_related("connection", "target").filter(pk=pk).first()
    if found is None:
        raise Hidden(_("There is no such chain."))
    return found


def _picked(request: HttpRequest) -> Node | None:
    pk = number(request.POST.get("target", ""))
    node: Node | None = Node.objects.filter(pk=pk).first() if pk else None
    return node


@require_POST
@runners_only
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks WeCom and shows each answer."""
    steps = probing.test(by=person(request), connection=connection_of(pk))
    more = {"steps": steps, "passed": all(one.state == probing.OK for one in steps)}
    return _detail(request, connection_of(pk), url=url_of(connection_of(pk)), **more)


@require_http_methods(EDITABLE)
@connectors_only
def callback(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, then makes token and key and shows them this one time."""
    connection = connection_of(pk)
    if request.method == "POST":
        return _shown_once(request, connection)
    text = _(
        "The application in WeCom needs both: 接收消息 → API 接收. They are shown this one time."
    )
    replaced = (
        [_("Those that were made before are refused at once")]
        if connection.callback_token_cipher
        else []
    )
    question = {
        "title": _("Make a token and a key for callbacks?"), "text": text, "consequences": replaced,
        "submit": _("Make them"), "style": "primary", "back_url": url_of(connection),
    }  # fmt: skip
    return ask(request, question)


def _shown_once(request: HttpRequest, connection: Connection) -> HttpResponse:
    token, key = services.roll_callback(by=person(request), connection=connection)
    context = {
        "title": _("Callbacks of “%(name)s”") % {"name": connection.name},
        "secrets": [
            Secret("URL", addresses.callback(connection)),
            Secret("Token", token), Secret("EncodingAESKey", key),
        ],
        "file_name": "wecom-callback.txt", "done_url": url_of(connection),
        "hints": [
            _("Enter the three in the application under 接收消息 → 设置API接收 and save there"),
            _("WeCom calls the address at once: it must be reachable from the internet by https"),
            _("They cannot be shown again. If they are lost, make new ones."),
        ],
    }  # fmt: skip
    fragment = htmx.is_fragment(request)
    template = "components/credentials_dialog.html" if fragment else "portal/token.html"
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return htmx.trigger(response, refresh="#connection") if fragment else response


@require_POST
@connectors_only
def switch_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Switches a connection on."""
    connection = connection_of(pk)
    services.set_enabled(by=person(request), connection=connection, enabled=True)
    messages.success(request, _("Switched on"))
    return htmx.done(request, url_of(connection))


@require_http_methods(EDITABLE)
@connectors_only
def switch_off(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks and switches off."""
    connection = connection_of(pk)
    if request.method == "POST":
        services.set_enabled(by=person(request), connection=connection, enabled=False)
        messages.success(request, _("Switched off"))
        return htmx.done(request, url_of(connection))
    question = {
        "title": _("Switch “%(name)s” off?") % {"name": connection.name},
        "consequences": [
            _("Nothing is read any more, neither by night nor by callbacks; a run under way ends"),
            _("Organizations and people stay as they are"),
        ],
        "submit": _("Switch off"), "back_url": url_of(connection),
    }  # fmt: skip
    return ask(request, question)


@require_http_methods(EDITABLE)
@connectors_only
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks and deletes, where nothing is linked."""
    connection, problem = connection_of(pk), None
    if request.method == "POST":
        try:
            services.delete(by=person(request), connection=connection)
        except UserError as error:
            problem = error
        else:
            messages.success(request, _("“%(name)s” was deleted") % {"name": connection.name})
            return htmx.done(request, reverse("wecom_sync:list"))
    question = {
        "title": _("Delete the connection “%(name)s”?") % {"name": connection.name},
        "text": _("Its runs and their logs go with it. The trail keeps what was done."),
        "submit": _("Delete"), "back_url": url_of(connection),
    }  # fmt: skip
    return ask(request, question, problem)
