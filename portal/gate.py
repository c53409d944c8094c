"""What an external session reaches, as data: everything else is missing for it (SPEC POR-1; SECURITY T18).

A new address is closed until it stands here. A whole namespace is open only where every view of it asks for itself
who the external person is.
"""

from typing import Final

# Namespaces made for external people.
NAMESPACES: Final = frozenset({"portal", "portal-im"})
# Single views of other apps: log-in and own account.
VIEWS: Final = frozenset(
    {
        "accounts:home",  # leads to the portal
        "accounts:login",
        "accounts:logout",
        "accounts:activate",
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
    }
)
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
        "accounts:preferences",
        "healthz",
        "push-worker",
        "readyz",
    }
)


def open_to_external(view_name: str, namespace: str) -> bool:
    """Whether an external session reaches the view of this name in this namespace."""
    return namespace in NAMESPACES or view_name in VIEWS


def for_external_only(namespace: str) -> bool:
    """Whether the address is made for external people: staff read 403 (matrix row 44)."""
    return namespace in NAMESPACES
