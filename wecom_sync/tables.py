"""What the pages of connections show."""

from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.templatetags.ui import when
from core.ui import Action, Column, Fact, Pager
from wecom_sync import addresses, selectors, words
from wecom_sync.models import Chain, Connection, Run

LIST_COLUMNS: Final = (
    Column(gettext_lazy("Connection")), Column(gettext_lazy("State")), Column(gettext_lazy("Chains"), css="c-n"),
    Column(gettext_lazy("People"), css="c-n"), Column(gettext_lazy("Last success")), Column(gettext_lazy("Last run")),
)  # fmt: skip
CHAIN_COLUMNS: Final = (
    Column(gettext_lazy("Chain")), Column(gettext_lazy("Lands in")), Column(gettext_lazy("Corps"), css="c-n"),
    Column(gettext_lazy("People who left")), Column(gettext_lazy("Kept by WeCom")), Column(gettext_lazy("Brake")),
    Column(gettext_lazy("Actions"), css="c-op", hidden=True),
)  # fmt: skip
RUN_COLUMNS: Final = (
    Column(gettext_lazy("Run")), Column(gettext_lazy("State")), Column(gettext_lazy("Started")),
    Column(gettext_lazy("Took")), Column(gettext_lazy("Result")),
    Column(gettext_lazy("Actions"), css="c-op", hidden=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """One connection of the list."""

    line: selectors.Line
    health: str
    last: str


@dataclass(frozen=True, slots=True)
class ChainLine:
    """One chain of a connection."""

    chain: Chain
    owned: str
    edit: Action | None


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of the history."""

    run: Run
    state: str
    took: str
    result: str
    again: bool


def connections() -> list[ConnectionLine]:
    """The list."""
    return [
        ConnectionLine(
            line, words.health(line.connection), words.shown(line.last) if line.last else ""
        )
        for line in selectors.connections()
    ]


def chains(connection: Connection, *, may_connect: bool) -> list[ChainLine]:
    """The chains with their policies."""
    return [
        ChainLine(
            one, _(", ").join(str(words.OWNED[name]) for name in one.owned if name in words.OWNED),
            Action(_("Policy"), reverse("wecom_sync:policy", args=[one.pk])) if may_connect else None,
        )
        for one in selectors.chains_of(connection)
    ]  # fmt: skip


def history(connection: Connection, before: int | None, url: str) -> dict[str, Any]:
    """Rows and pager of the history."""
    rows, older = selectors.history(connection, before=before)
    again = not before and bool(rows) and rows[0].status == Run.Status.FAILED and connection.enabled
    old = selectors.outdated([run.pk for run in rows])
    for run in rows:
        run.status = Run.Status.STALE if run.pk in old else run.status
    lines = [
        RunLine(
            run, words.shown(run),
            words.duration(run), words.outcome(run), again and number == 0,
        )
        for number, run in enumerate(rows)
    ]  # fmt: skip
    pager = Pager(
        previous_url=url if before else "", next_url=f"{url}?before={older}" if older else "", target="#connection"
    )  # fmt: skip
    return {"rows": lines, "run_columns": RUN_COLUMNS, "pager": pager}


def callbacks(connection: Connection) -> str:
    """Whether they are set up, where they go, and when the last one came, as far as they are kept."""
    if not connection.callback_token_cipher:
        return _("Not set")
    last = (
        connection.callbacks.order_by("-received_at").values_list("received_at", flat=True).first()
    )
    said = (
        format_html("{}{}{}", _("last one received"), _(": "), when(last))
        if last
        else _("none received within a week")
    )
    return format_html("{} · {}<br>{}", _("Set"), said, addresses.callback(connection))


def facts(connection: Connection) -> list[Fact]:
    """The card of a connection; of secrets it says that they are there."""
    staff = str(connection.staff_under) if connection.sync_staff else _("Not synchronized")
    return [
        Fact(_("Corp ID"), connection.corp_id, "num"),
        Fact(_("Agent ID"), str(connection.agent_id), "num"),
        Fact(_("Secret"), _("Set, never shown again")),
        Fact(_("Callback token and key"), callbacks(connection)),
        Fact(_("Departments and staff of the corp"), staff),
        Fact(
            _("Rules (对接规则) become visible ranges"),
            _("Yes") if connection.sync_rules else _("No"),
        ),
        Fact(_("Log in with WeCom"), _("Yes") if connection.login else _("No")),
        Fact(_("Notifications in WeCom"), _("Yes") if connection.notify else _("No")),
    ]


def actions(connection: Connection) -> tuple[list[Action], list[Action]]:
    """What administrators may do to a connection: the button, and the menu."""

    def url(name: str) -> str:
        return reverse(f"wecom_sync:{name}", args=[connection.pk])

    more = [
        Action(_("Departments, staff and rules"), url("inside"), "users", dialog=True),
        Action(_("Log-in and notifications"), url("doors"), "login", dialog=True),
        Action(_("Callback token and key"), url("callback"), "key", dialog=True),
    ]
    if connection.enabled:
        more.append(Action(_("Switch off"), url("off"), "ban", dialog=True))
    else:
        more.append(Action(_("Switch on"), url("on"), "circle-check", method="post"))
    more.append(Action(_("Delete"), url("delete"), "trash", "bad", dialog=True))
    return [Action(_("Edit"), url("edit"), "pencil", dialog=True)], more
