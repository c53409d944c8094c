"""Words of the history of a contact: actions and fields (the trail itself keeps keys)."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from contacts.models import Contact
from orgs.models import Source

ACTIONS: dict[str, str | Promise] = {
    "contact.create": gettext_lazy("Created"),
    "contact.edit": gettext_lazy("Edited"),
    "contact.import": gettext_lazy("Imported"),
    "contact.avatar": gettext_lazy("Picture changed"),
    "contact.reveal": gettext_lazy("Looked at in full"),
    "contact.move": gettext_lazy("Moved"),
    "contact.tag": gettext_lazy("Tags added"),
    "contact.untag": gettext_lazy("Tags removed"),
    "contact.enable": gettext_lazy("Enabled"),
    "contact.disable": gettext_lazy("Disabled"),
    "contact.delete": gettext_lazy("Deleted"),
    "contact.restore": gettext_lazy("Restored"),
    "contact.purge": gettext_lazy("Deleted for good"),
    "contact.own_edit": gettext_lazy("Edited by the person"),
    "contact.own_avatar": gettext_lazy("Picture changed by the person"),
    "contact.merge": gettext_lazy("Merged"),
    "contact.merged_away": gettext_lazy("Merged into another entry"),
    "membership.add": gettext_lazy("Added to an organization"),
    "membership.edit": gettext_lazy("Position there changed"),
    "membership.main": gettext_lazy("Main place changed"),
    "membership.remove": gettext_lazy("Taken out of an organization"),
    "share.add": gettext_lazy("Shared"),
    "share.remove": gettext_lazy("No longer shared"),
    "visible_staff.add": gettext_lazy("Visible staff added"),
    "visible_staff.remove": gettext_lazy("Visible staff removed"),
    "account.open": gettext_lazy("Account opened"),
    "account.close": gettext_lazy("Account closed"),
    "account.offer": gettext_lazy("Person with an account asked whether it is the same one"),
    "account.offer_withdraw": gettext_lazy("Question about the same person withdrawn"),
    "account.offer_refuse": gettext_lazy("Same person: refused by whoever was asked"),
    "account.offer_lapse": gettext_lazy("Same person: the question has lapsed"),
    "account.attach": gettext_lazy("Added to the account of the same person"),
    "account.expiry": gettext_lazy("Expiry changed"),
    "account.reset_factor": gettext_lazy("Second factor reset"),
    "account.address": gettext_lazy("The account is reached at other addresses"),
    "account.unlock": gettext_lazy("Unlocked"),
    "account.end_sessions": gettext_lazy("Logged out everywhere"),
    "account.reissue": gettext_lazy("Password reset"),
    "account.wecom_unlink": gettext_lazy("WeCom unlinked"),
    "account.wecom_link": gettext_lazy("WeCom linked"),
    "account.credentials": gettext_lazy("Log-in changed"),
}
FIELDS: dict[str, str | Promise] = {
    "name": pgettext_lazy("person", "Name"),
    "reading": gettext_lazy("Pinyin"),
    "code": gettext_lazy("Code"),
    "gender": gettext_lazy("Gender"),
    "mobile": gettext_lazy("Mobile"),
    "telephone": gettext_lazy("Telephone"),
    "email": gettext_lazy("E-mail"),
    "position": gettext_lazy("Position"),
    "office": gettext_lazy("Office location"),
    "remark": gettext_lazy("Remark"),
    "category": gettext_lazy("Category"),
    "tags": gettext_lazy("Tags"),
    "follower": gettext_lazy("Follower"),
    "security_level": gettext_lazy("Security level"),
    "node": gettext_lazy("Organization"),
    "main_node": gettext_lazy("Organization"),
    "source": gettext_lazy("Source"),
    "order": gettext_lazy("Order"),
    "enabled": gettext_lazy("Enabled"),
    "avatar": gettext_lazy("Picture"),
    "field": gettext_lazy("What"),
    "level": gettext_lazy("May"),
    "holder": gettext_lazy("Person or department"),
    "login_name": gettext_lazy("Login name"),
    "own_password": gettext_lazy("Own password"),
    "asked_by": gettext_lazy("Asked by"),
    "until": gettext_lazy("Until"),
    "expires_at": gettext_lazy("Valid until"),
    "merged": gettext_lazy("Merged entry"),
    "into": gettext_lazy("Into"),
    "places": gettext_lazy("Places taken over"),
    "users": gettext_lazy("Shares with people taken over"),
    "groups": gettext_lazy("Shares with departments taken over"),
    "staff": gettext_lazy("Visible staff taken over"),
    "conversations": gettext_lazy("Conversations taken over"),
    "login": gettext_lazy("Accounts taken over"),
}
VALUES: dict[str, dict[str, str | Promise]] = {
    "level": {"view": gettext_lazy("see it"), "edit": gettext_lazy("edit it")},
    "field": {"mobile": gettext_lazy("Mobile"), "email": gettext_lazy("E-mail")},
    "source": {str(value): label for value, label in Source.choices},
}
# Told by another field of the same row already.
_HIDDEN = frozenset({"holder_kind", "holder_id", "dimension_id", "merged_id", "into_id"})


def action_label(action: str) -> str:
    """An action of the history in words; an unknown one stands as it is."""
    return str(ACTIONS.get(action, action))


def changed_fields(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(field, before, after) of one change, as text; what stayed shows only where it says which place is meant."""
    shown = []
    for key in {**before, **after}:
        old, new = (_printed(key, side.get(key)) for side in (before, after))
        stayed = key in before and key in after and old == new
        if key not in _HIDDEN and not (stayed and key != "node"):
            shown.append((str(FIELDS.get(key, key)), "" if stayed else old, new))
    return shown


def _printed(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return _(", ").join(str(item) for item in value)
    if key == "gender" and value:
        return str(Contact.Gender(value).label)
    return str(VALUES.get(key, {}).get(str(value), "" if value is None else value))
