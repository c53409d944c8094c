"""The audit trail in words: those of the histories of each app, and of what has no history of its own."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import words as accounts
from approvals import words as approvals
from contacts import vocabulary as contacts
from core.models import AuditEntry
from core.vocabulary import word
from orgs import vocabulary as orgs

Words = dict[str, str | Promise]

ACTIONS: Words = {
    **accounts.ACTIONS,
    **orgs.ACTIONS,
    **contacts.ACTIONS,
    **approvals.ACTIONS,
    "import.upload": gettext_lazy("File uploaded"),
    "import.confirm": gettext_lazy("Import confirmed"),
    "import.cancel": gettext_lazy("Import cancelled"),
    "bulk.create": gettext_lazy("Bulk action asked for"),
    "bulk.run": gettext_lazy("Bulk action carried out"),
    "bulk.cancel": gettext_lazy("Bulk action cancelled"),
    "portal.app": gettext_lazy("App of the portal changed"),
    "portal.app_new": gettext_lazy("App of the portal added"),
    "portal.app_delete": gettext_lazy("App of the portal deleted"),
    "portal.app_reorder": gettext_lazy("Order of the apps changed"),
    "portal.open": gettext_lazy("App opened"),
    "portal.exclude": gettext_lazy("App excluded"),
    "portal.close": gettext_lazy("Opening of an app taken back"),
    "portal.system_new": gettext_lazy("To-do system created"),
    "portal.system": gettext_lazy("To-do system changed"),
    "portal.system_token": gettext_lazy("New token of a to-do system"),
    "group.create": gettext_lazy("Group created"),
    "group.add": gettext_lazy("Added to a group"),
    "group.remove": gettext_lazy("Removed from a group"),
    "group.leave": gettext_lazy("Left a group"),
    "group.rename": gettext_lazy("Group renamed"),
    "group.owner": gettext_lazy("Owner of a group changed"),
    "group.dissolve": gettext_lazy("Group dissolved"),
    "wecom.connect": gettext_lazy("Corp connected"),
    "wecom.edit": gettext_lazy("Connection to WeCom changed"),
    "wecom.enable": gettext_lazy("Connection to WeCom switched on"),
    "wecom.disable": gettext_lazy("Connection to WeCom switched off"),
    "wecom.delete": gettext_lazy("Connection to WeCom deleted"),
    "wecom.test": gettext_lazy("Connection to WeCom tested"),
    "wecom.callback": gettext_lazy("New token and key for callbacks"),
    "wecom.inside": gettext_lazy("Departments, staff and rules of a corp changed"),
    "wecom.doors": gettext_lazy("Log-in and notifications in WeCom changed"),
    "wecom.press": gettext_lazy("Card pressed in WeCom"),
    "wecom.policy": gettext_lazy("Policy of a chain changed"),
    "wecom.start": gettext_lazy("Synchronization started"),
    "wecom.confirm": gettext_lazy("Plan of a synchronization confirmed"),
    "wecom.rest": gettext_lazy("Plan of a synchronization confirmed but for what leaves"),
    "wecom.cancel": gettext_lazy("Synchronization cancelled"),
    "wecom.run": gettext_lazy("Synchronization carried out"),
    "wecom.export": gettext_lazy("Plan of a synchronization exported"),
    "wecom.apart": gettext_lazy("Kept apart from a corp of the same name"),
    "wecom.link": gettext_lazy("Organization linked with a corp"),
    "audit.export": gettext_lazy("Audit trail exported"),
    "audit.check": gettext_lazy("Check of the audit trail asked for"),
}
# What the filter offers: a word, and the first parts of the actions behind it.
GROUPS: dict[str, tuple[str | Promise, tuple[str, ...]]] = {
    "structure": (
        gettext_lazy("Structure"),
        ("node", "dimension", "category", "tag", "directory_settings"),
    ),
    "contact": (gettext_lazy("Contacts"), ("contact", "membership")),
    "right": (
        gettext_lazy("Rights"),
        ("right", "range", "maintainer", "visible_staff", "share", "login_policy"),
    ),
    "application": (gettext_lazy("Applications for accounts"), ("application",)),
    "account": (
        gettext_lazy("Accounts"),
        ("account", "login", "credentials", "password", "second_factor", "sso", "privacy"),
    ),
    "session": (gettext_lazy("Log-in and out"), ("session", "view_as")),
    "file": (gettext_lazy("Imports and exports"), ("import", "export", "audit", "staff_import")),
    "bulk": (gettext_lazy("Bulk actions"), ("bulk",)),
    "staff": (gettext_lazy("Staff and departments"), ("staff", "staff_department")),
    "message": (gettext_lazy("Messages"), ("group",)),
    "portal": (gettext_lazy("External portal"), ("portal",)),
    "wecom": (gettext_lazy("WeCom synchronization"), ("wecom",)),
}
KINDS: Words = {
    "orgs.node": gettext_lazy("Organization"),
    "contacts.contact": gettext_lazy("Contact"),
    "accounts.user": gettext_lazy("Login"),
    "approvals.application": gettext_lazy("Application"),
    "accounts.department": gettext_lazy("Internal department"),
    "contacts.importjob": gettext_lazy("Import"),
    "accounts.staffimport": gettext_lazy("Import of staff"),
    "contacts.bulkjob": gettext_lazy("Bulk action"),
    "orgs.category": gettext_lazy("Category"),
    "orgs.tag": gettext_lazy("Tag"),
    "orgs.directorysettings": gettext_lazy("Settings"),
    "accounts.loginpolicy": gettext_lazy("Log-in requirements"),
    "im.conversation": gettext_lazy("Group"),
    "portal.app": gettext_lazy("App"),
    "portal.todosystem": gettext_lazy("To-do system"),
    "wecom_sync.connection": gettext_lazy("Connection to WeCom"),
    "trail.auditcheck": gettext_lazy("Check of the audit trail"),
}
_FIELDS: Words = {
    "username": gettext_lazy("Login name"),
    "employee_code": gettext_lazy("Employee code"),
    "is_holder": gettext_lazy("External directory maintenance"),
    "is_superuser": gettext_lazy("System administrator"),
    "active": gettext_lazy("Enabled"),
    "sessions_ended": gettext_lazy("Log-ins ended"),
    "method": gettext_lazy("How"),
    "identity": gettext_lazy("Identity"),
    "factors": gettext_lazy("Second factor"),
    "status": gettext_lazy("State"),
    "reason": gettext_lazy("Reason"),
    "version": pgettext_lazy("of a record", "Version"),
    "until": gettext_lazy("Until"),
    "action": gettext_lazy("Action"),
    "choices": gettext_lazy("Rows assigned by hand"),
    "subjects": gettext_lazy("Concerned"),
    "member": gettext_lazy("Member"),
    "issuer": gettext_lazy("Identity provider"),
    "account": gettext_lazy("Account"),
    "issue_key": gettext_lazy("Issue of credentials"),
    "icon": gettext_lazy("Icon"),
    "address": gettext_lazy("Address"),
    "open_by_default": gettext_lazy("Open by default"),
    "desktop": gettext_lazy("on desktops"),
    "phone": gettext_lazy("on phones"),
    "exclude": gettext_lazy("Keep out"),
    "hosts": gettext_lazy("Hosts of links"),
    "format": gettext_lazy("Kind of file"),
    "filters": gettext_lazy("Filters"),
    "corp_id": gettext_lazy("Corp ID"),
    "agent_id": gettext_lazy("Agent ID"),
    "secret": gettext_lazy("Secret"),
    "chain": gettext_lazy("Chain"),
    "target": gettext_lazy("Lands in"),
    "leavers": gettext_lazy("People who left"),
    "owned": gettext_lazy("Kept by WeCom"),
    "brake_percent": gettext_lazy("Brake: more than … % of the people"),
    "brake_people": gettext_lazy("and more than … people would leave"),
    "run": gettext_lazy("Run"),
    "dry": gettext_lazy("Dry run"),
    "error": gettext_lazy("Error"),
    "connection": gettext_lazy("Connection"),
    "corp": gettext_lazy("Corp"),
    "key": gettext_lazy("ID in WeCom"),
}
_OTHERS: Mapping[str, str | Promise] = {**contacts.FIELDS, **orgs.FIELDS, **_FIELDS}
_PEOPLE: Mapping[str, str | Promise] = {**contacts.FIELDS, **_FIELDS}


def action_of(entry: AuditEntry) -> str:
    """What was done; an unknown action stands as it is."""
    return str(ACTIONS.get(entry.action, entry.action))


def kind_of(entry: AuditEntry) -> str:
    """What kind of object it was done to."""
    return str(KINDS.get(entry.object_type, entry.object_type))


def changes_of(entry: AuditEntry) -> list[tuple[str, str, str]]:
    """(field, before, after), in the words of the history of that object."""
    before, after = entry.before or {}, entry.after or {}
    if entry.object_type == "contacts.contact":
        return contacts.changed_fields(before, after)
    if entry.object_type == "orgs.node":
        return orgs.changed_fields(before, after)
    fields = _PEOPLE if entry.object_type == "accounts.user" else _OTHERS
    found = orgs.changed_fields(_said(before), _said(after), fields)
    return [(field, old, new) for field, old, new in found if old or new]


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """States as they are called everywhere."""
    found = dict(values)
    if "status" in found:
        found["status"] = str(word("application", found["status"]).label)
    return found


def change_line(entry: AuditEntry) -> str:
    """All changes as one line of text, for files."""
    return _("; ").join(
        f"{field}: {old} → {new}" if old else f"{field}: {new}" for field, old, new in changes_of(entry)
    )  # fmt: skip
