"""What the audit trail calls the acts of this app, in words for people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.models import AuditEntry

ACTIONS: dict[str, str | Promise] = {
    "staff.create": _("Added"),
    "staff.update": _("Changed"),
    "staff.hand_over": _("Handed over to others"),
    "staff.export": _("Staff exported"),
    "staff_import.upload": _("File with staff uploaded"),
    "staff_import.confirm": _("Import of staff confirmed"),
    "staff_import.cancel": _("Import of staff cancelled"),
    "staff_import.run": _("Staff imported"),
    "login.create": _("Login created"),
    "login.disable": _("Disabled"),
    "login.enable": _("Enabled"),
    "login.unlock": _("Unlocked"),
    "login.revoke": _("All log-ins and links ended"),
    "login.activate": _("Activated by link"),
    "login.address": _("E-mail address or mobile of the login changed"),
    "login.identity_add": _("Another identity added"),
    "credentials.ask": _("First credentials asked for"),
    "credentials.issue": _("First credentials made"),
    "credentials.reveal": _("First credentials shown"),
    "credentials.set": _("Login name and first password set"),
    "password.change": _("Password changed"),
    "password.reset_ask": _("Link for a new password sent"),
    "password.reset_lost": _("Link for a new password could not be delivered"),
    "password.reset": _("Password reset by link"),
    "second_factor.totp.add": _("Authenticator app added"),
    "second_factor.totp.remove": _("Authenticator app removed"),
    "second_factor.passkey.add": _("Passkey added"),
    "second_factor.passkey.rename": _("Passkey renamed"),
    "second_factor.passkey.remove": _("Passkey removed"),
    "second_factor.codes": _("New recovery codes made"),
    "second_factor.reset": _("Second factor reset by an administrator"),
    "sso.link": _("Company log-in linked"),
    "sso.unlink": _("Company log-in unlinked"),
    "login.wecom_link": _("WeCom linked"),
    "login.wecom_unlink": _("WeCom unlinked"),
    "privacy.accept": _("Privacy notice accepted"),
    "view_as.start": _("Address book viewed as this person"),
    "view_as.end": _("Viewing as this person ended"),
    "session.start": _("Logged in"),
    "session.end": _("Logged out"),
    "session.end_all": _("Logged out everywhere"),
    "session.identity": _("Identity switched"),
    "right.holder.grant": _("External directory maintenance given"),
    "right.holder.revoke": _("External directory maintenance taken away"),
    "right.admin.grant": _("Made a system administrator"),
    "right.admin.revoke": _("Administrator rights taken away"),
    "right.admin.first": _("First system administrator"),
    "login_policy.update": _("Log-in requirements changed"),
    "staff_department.create": _("Department created"),
    "staff_department.rename": _("Department renamed"),
    "staff_department.move": _("Department moved"),
    "staff_department.delete": _("Department deleted"),
    "staff_department.member.add": _("Member added"),
    "staff_department.member.remove": _("Member taken out"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a change history."""

    at: datetime
    who: str
    what: str | Promise


def lines(entries: Iterable[AuditEntry]) -> list[Line]:
    """Audit rows as a history for people."""
    return [Line(row.at, row.actor_label, ACTIONS.get(row.action, row.action)) for row in entries]


# Proofs as they stand in the row of a log-in.
METHODS: dict[str, str | Promise] = {
    "password": _("password"),
    "activation": _("activation link"),
    "reset": _("link for a new password"),
    "totp": _("authenticator app"),
    "webauthn": _("passkey"),
    "recovery_codes": _("recovery code"),
    "sso": _("company log-in"),
    "wecom": _("WeCom"),
}


@dataclass(frozen=True, slots=True)
class OwnLine(Line):
    """One line of the history of one's own login: also how and from where."""

    how: str
    ip: str


def own_lines(entries: Iterable[AuditEntry]) -> list[OwnLine]:
    """Audit rows about one's own login."""
    return [
        OwnLine(
            row.at, row.actor_label, ACTIONS.get(row.action, row.action), _how(row.after or {}), row.ip or ""
        )
        for row in entries
    ]  # fmt: skip


def _how(after: dict[str, Any]) -> str:
    proofs = str(after.get("method", "")).split("+")
    return " + ".join(str(METHODS.get(proof, proof)) for proof in proofs if proof)


@dataclass(frozen=True, slots=True)
class Right:
    """A right as a tag."""

    label: str | Promise
    icon: str


def rights(user: User) -> list[Right]:
    """What a staff member is entitled to beyond the others."""
    found = []
    if user.is_superuser:
        found.append(Right(_("System administrator"), "shield-lock"))
    if user.is_holder:
        found.append(Right(_("External directory maintenance"), "shield-check"))
    return found


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One line of the staff list."""

    user: User
    locked: bool

    @property
    def rights(self) -> list[Right]:
        return rights(self.user)
