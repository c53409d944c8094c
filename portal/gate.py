"""What an external session reaches, as data: everything else is missing for it (SPEC POR-1; SECURITY T18).

A new address is closed until it stands here. A whole namespace is open only where every view of it asks for itself
who the external person is.
"""

from collections.abc import Mapping
from typing import Final

from portal.rule import Surface

# Namespaces made for external people.
NAMESPACES: Final = frozenset({"portal", "portal-im"})
# Single views of other apps: log-in and own account.
VIEWS: Final = frozenset(
    {
        "accounts:home",  # leads to the portal
        "accounts:login",
        "accounts:logout",
        "accounts:activate",
        "accounts:forgotten",
        "accounts:password",
        "accounts:privacy",
        "accounts:preferences",
        "accounts:sessions",
        "accounts:session-end",
        "accounts:session-end-all",
        "accounts:second-factor",
        "accounts:passkey-login",
        "accounts:security",
        "accounts:prove",
        "accounts:totp-add",
        "accounts:passkey-add",
        "accounts:recovery-codes",
        "accounts:factor-remove",
        "accounts:factor-rename",
        "healthz",
        "live",
        "push-claim",
        "push-key",
        "push-off",
        "push-on",
        "push-worker",
        "readyz",
        "wecom-login:back",
        "wecom-login:begin",
    }
)
# Done whatever identity the page was drawn for: they are about the session itself.
WHOEVER: Final = frozenset({"accounts:logout", "accounts:preferences", "portal:identity-switch"})
# Built-in apps: their addresses, and their entries in the menus, are there for whom the app is open (SPEC POR-3).
# The own profile is always reached.
APPS: Final = {"portal:todo": "todo", "portal:people": "people", "portal-im": "messages"}
ENTRIES: Final = {"people": ("people",), "messages": ("messages", "reminders")}
# Open without a session. The views say so themselves (`login_not_required`, or accounts.middleware.PUBLIC for probes);
# a test holds them against this list.
PUBLIC: Final = frozenset(
    {
        "accounts:login",
        "accounts:second-factor",
        "accounts:passkey-login",
        "accounts:sso",
        "accounts:sso-back",
        "accounts:activate",
        "accounts:forgotten",
        "accounts:preferences",
        "healthz",
        "push-worker",
        "readyz",
        # A token or a signature instead of a session.
        "portal-api:todo",
        "portal-api:todo-done",
        "portal-api:todos",
        "wecom-callback:callback",
        "wecom-login:back",
        "wecom-login:begin",
    }
)


def open_to_external(view_name: str, namespace: str) -> bool:
    """Whether an external session reaches the view of this name in this namespace."""
    return namespace in NAMESPACES or view_name in VIEWS


def for_external_only(namespace: str) -> bool:
    """Whether the address is made for external people: staff read 403 (matrix row 44)."""
    return namespace in NAMESPACES


def app_of(view_name: str, namespace: str) -> str:
    """Key of the built-in app that an address belongs to, or ""."""
    return APPS.get(view_name) or APPS.get(namespace, "")


def hidden_entries(apps: Mapping[str, Surface]) -> dict[str, str]:
    """Key of an entry of the menu -> where it is missing: on desktops "d", on phones "m", everywhere "all"."""
    found: dict[str, str] = {}
    for key, entries in ENTRIES.items():
        app = apps.get(key)
        where = "all" if app is None else "d" if not app.desktop else "m" if not app.phone else ""
        found |= dict.fromkeys(entries, where)
    return {entry: where for entry, where in found.items() if where}
