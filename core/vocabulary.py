"""The words and colours of states, the same everywhere (SPEC section 0)."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Word(NamedTuple):
    """How one state is shown: colour (ok, warn, bad, info or empty), icon, word."""

    colour: str
    icon: str
    label: str | Promise


_JOB = {
    "queued": Word("", "hourglass", _("Queued")),
    "running": Word("info", "refresh", _("Running")),
    "succeeded": Word("ok", "circle-check", _("Succeeded")),
    "partial": Word("warn", "alert-triangle", _("Partly succeeded")),
    "failed": Word("bad", "circle-x", _("Failed")),
    "cancelled": Word("", "ban", _("Cancelled")),
}

WORDS: dict[str, dict[str, Word]] = {
    "account": {
        "none": Word("", "user-circle", _("Not opened")),
        "pending": Word("warn", "clock", _("Under approval")),
        "opening": Word("info", "refresh", _("Opening")),
        "active": Word("ok", "circle-check", _("Opened")),
        "disabled": Word("bad", "circle-x", _("Disabled")),
        "locked": Word("bad", "lock", _("Locked")),
        "expired": Word("", "hourglass", _("Expired")),
    },
    "application": {
        "pending": Word("warn", "clock", _("Waiting for approval")),
        "approved": Word("ok", "circle-check", _("Approved")),
        "refused": Word("bad", "circle-x", _("Refused")),
        "withdrawn": Word("", "arrow-back-up", _("Withdrawn")),
        "lapsed": Word("", "ban", _("Lapsed")),
    },
    "job": _JOB,
    "import": {
        **_JOB,
        "uploaded": Word("", "upload", _("Uploaded")),
        "checking": Word("info", "refresh", _("Checking")),
        "mapping": Word("warn", "adjustments", _("Columns to be assigned")),
        "checked": Word("warn", "list-check", _("To be confirmed")),
        "refused": Word("bad", "circle-x", _("With errors")),
    },
    "node": {
        "enabled": Word("ok", "circle-check", _("Enabled")),
        "disabled": Word("bad", "circle-x", _("Disabled")),
    },
    "source": {
        "manual": Word("", "pencil", _("Entered by hand")),
        "file": Word("", "file-spreadsheet", _("From a file")),
        "wecom": Word("", "brand-wechat", _("WeCom")),
    },
    "sync": {
        **_JOB,
        "pulling": Word("info", "refresh", _("Reading")),
        "planning": Word("info", "refresh", _("Comparing")),
        "ready": Word("warn", "hand-stop", _("Waiting for confirmation")),
        "applying": Word("info", "refresh", _("Is being written")),
        "stale": Word("", "history", _("Outdated")),
        "partly": Word("warn", "alert-triangle", _("Finished in part")),
    },
    "sync_item": {
        "0": Word("warn", "alert-triangle", _("Hint")),
        "1": Word("info", "link", _("Joined")),
        "2": Word("ok", "plus", _("New")),
        "3": Word("info", "pencil", _("Changed")),
        "4": Word("ok", "user-plus", _("New")),
        "5": Word("info", "pencil", _("Changed")),
        "6": Word("bad", "user-minus", _("Leaves")),
        "7": Word("bad", "building", _("Is gone")),
        "8": Word("ok", "plus", _("New")),
        "9": Word("info", "pencil", _("Changed")),
        "10": Word("ok", "user-plus", _("New")),
        "11": Word("info", "pencil", _("Changed")),
        "12": Word("bad", "user-minus", _("Leaves")),
        "13": Word("ok", "eye", _("New")),
        "14": Word("bad", "eye-off", _("Is gone")),
    },
    "connection": {
        "well": Word("ok", "circle-check", _("In order")),
        "wrong": Word("bad", "circle-x", _("Out of order")),
        "unknown": Word("", "help-circle", _("Not tested yet")),
        "off": Word("", "ban", _("Switched off")),
    },
}

# Other names under which models keep the same states.
ALIASES: dict[str, dict[str, str]] = {
    "account": {
        "not_opened": "none",
        "": "none",
        "open": "active",
        "opened": "active",
        "enabled": "active",
    },
    "application": {"rejected": "refused", "void": "lapsed", "superseded": "lapsed"},
    "import": {
        "done": "succeeded",
        "finished": "succeeded",
        "ready": "checked",
        "invalid": "refused",
    },
    "job": {"done": "succeeded", "finished": "succeeded"},
    "sync": {"done": "succeeded"},
    "node": {"True": "enabled", "False": "disabled", "true": "enabled", "false": "disabled"},
    "source": {"import": "file"},
}


def word(kind: str, value: object) -> Word:
    """How a state is shown; an unknown one stands as it is, in grey."""
    key = str(value)
    known = WORDS.get(kind, {})
    return known.get(ALIASES.get(kind, {}).get(key, key)) or Word("", "point", key)
