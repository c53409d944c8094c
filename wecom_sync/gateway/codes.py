"""Every error code of WeCom that is known, what it means for the caller, and the sentence for the person (doc 90313).

Only the number decides; the text beside it changes without notice (doc 90455). What is not in the table is shown with
its number and stops the run: an unknown answer is never read as an absence.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from wecom_sync.gateway.errors import Permanent, Reaction, Retryable, WeComError


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code means. `after`: seconds until it may be tried again."""

    reaction: Reaction
    sentence: Any
    after: float = 0


FIX, OFFLINE, SKIP = Reaction.FIX, Reaction.OFFLINE, Reaction.SKIP
LOGIN, BUG, AGAIN = Reaction.LOGIN, Reaction.BUG, Reaction.AGAIN

TOKEN_REFUSED: Final = frozenset({40001, 40014, 42001})
"""The token is fetched anew once, then the call is repeated once."""
BUSY: Final = frozenset({-1, 6000, 45033})
"""Tried again at once, a few times."""
DISABLED: Final = 50003
CONTACTS: Final = ("department/", "user/", "tag/")
"""APIs of the address book."""
LIMIT: Final = 45009
"""The API is left alone for a whole window."""
LIMIT_WINDOWS: Final = (60.0, 600.0, 3600.0)
"""Of which kind the window is (a minute, an hour, a day) is not told: each refusal in a row waits longer."""

_SECRET = _("The secret of the app is wrong. Copy it again from the admin console of WeCom.")
_SCOPE = _(
    "This member or department is not there, or is outside the visible range of the app. Check the range in the "
    "admin console."
)
_UNSHARED = _(
    "The app is not shared with this corp any more. Its people are kept as they are; share the app "
    "again in the admin console (上下游), or end the connection."
)
_ASKED = _(
    "企业微信 refused what was asked as malformed. This is a fault of this system: report it."
)
_LOGIN = _("The login code is used up or too old. Log in again.")
_NOT_ALLOWED = _(
    "The app may not use this interface. In the admin console add it to 上下游 → 可调用接口的应用, "
    "and give it the permission for contacts."
)
_NO_CONTACTS = _(
    "The app may not read the contacts of the corp. In the admin console open the app, give it the permission for "
    "contacts and set its visible range (可见范围)."
)
_MESSAGE = _("None of the receivers is in the visible range of the app.")

MEANINGS: Final[dict[int, Meaning]] = {
    -1: Meaning(AGAIN, _("WeCom is busy."), 30),
    6000: Meaning(AGAIN, _("The data of WeCom was changing at that moment."), 30),
    40001: Meaning(FIX, _SECRET),
    40003: Meaning(SKIP, _SCOPE),
    40013: Meaning(
        FIX, _("The corp id is wrong. Copy it from 我的企业 → 企业信息 in the admin console.")
    ),
    40014: Meaning(
        FIX,
        _(
            "企业微信 refuses the access that it has just given. Check the secret, and whether the app still exists."
        ),
    ),
    40029: Meaning(LOGIN, _LOGIN),
    40035: Meaning(BUG, _ASKED),
    40056: Meaning(
        FIX, _("The agent id is wrong. Copy it from the page of the app in the admin console.")
    ),
    40058: Meaning(BUG, _ASKED),
    40063: Meaning(BUG, _ASKED),
    40091: Meaning(
        FIX, _("The secret belongs to another corp. Corp id and secret must be of the same corp.")
    ),
    41001: Meaning(BUG, _ASKED),
    41002: Meaning(BUG, _ASKED),
    41004: Meaning(BUG, _ASKED),
    41009: Meaning(BUG, _ASKED),
    42001: Meaning(
        FIX, _("The access has run out and could not be renewed. Check the secret of the app.")
    ),
    42009: Meaning(BUG, _ASKED),
    42014: Meaning(BUG, _("A card with this number was sent before.")),
    43009: Meaning(FIX, _("The corp must be verified in WeCom before it may use this interface.")),
    45009: Meaning(
        AGAIN,
        _("Too many calls for now: WeCom has paused this interface."),
        60,
    ),
    45029: Meaning(
        Reaction.SPLIT,
        _("A department has too many members for one answer. Divide it in WeCom."),
    ),
    45033: Meaning(AGAIN, _("Too many calls at the same time."), 30),
    48001: Meaning(FIX, _NOT_ALLOWED),
    48002: Meaning(FIX, _NOT_ALLOWED),
    48004: Meaning(
        OFFLINE, _("The corp has withdrawn its authorisation. Its people are kept as they are.")
    ),
    48005: Meaning(
        FIX,
        _("WeCom has discontinued this interface. A newer version of this system is needed."),
    ),
    48006: Meaning(
        OFFLINE,
        _(
            "企业微信 took the permission because the app was not used for long. Confirm it again in the admin console."
        ),
    ),
    50001: Meaning(
        FIX,
        _(
            "The address of this site is not the trusted domain (可信域名) of the app. Enter it there, port included."
        ),
    ),
    50002: Meaning(SKIP, _SCOPE),
    DISABLED: Meaning(FIX, _("The app is disabled. Enable it in the admin console.")),
    60003: Meaning(SKIP, _SCOPE),
    60011: Meaning(SKIP, _SCOPE),
    60020: Meaning(
        FIX,
        _(
            "The address of this server is not among the trusted IPs (企业可信IP) of the app. "
            "Add it in the admin console."
        ),
    ),
    60021: Meaning(SKIP, _SCOPE),
    60111: Meaning(SKIP, _SCOPE),
    60123: Meaning(SKIP, _SCOPE),
    81013: Meaning(SKIP, _MESSAGE),
    82001: Meaning(BUG, _("The message has no receiver.")),
    84014: Meaning(LOGIN, _LOGIN),
    84015: Meaning(LOGIN, _LOGIN),
    92002: Meaning(
        FIX,
        _("企业微信 refuses calls from one corp to the other here. Check how the app is shared."),
    ),
    301002: Meaning(
        BUG, _("The access does not belong to this agent id. Check the agent id of the app.")
    ),
    301007: Meaning(
        OFFLINE, _("The corp was dissolved or banned by WeCom. Its people are kept as they are.")
    ),
    670001: Meaning(OFFLINE, _UNSHARED),
    670016: Meaning(SKIP, _("企业微信 refused one of the contacts of the import.")),
}

UNKNOWN: Final = _(
    "WeCom answered with an error that is not known here: {code}. Nothing was changed."
)

# What went wrong before WeCom could say anything: our own words, all of them to be tried again. Whether that happens by
# itself is not said here: see Retryable.told.
TROUBLE: Final[dict[str, Meaning]] = {
    "timeout": Meaning(AGAIN, _("WeCom did not answer in time."), 30),
    "unreachable": Meaning(
        AGAIN,
        _("WeCom could not be reached. Check the network and the proxy of this server."),
        60,
    ),
    "broken": Meaning(AGAIN, _("The connection to WeCom broke off."), 30),
    "http": Meaning(AGAIN, _("WeCom answered with a fault of its own."), 60),
    "garbled": Meaning(
        AGAIN,
        _(
            "What came back is not an answer of 企业微信, or only a part of one. Check whether a proxy is in between."
        ),
        60,
    ),
    "shifted": Meaning(
        AGAIN,
        _("The list changed while it was read, or pages of it came twice."),
        30,
    ),
    "foreign": Meaning(
        AGAIN,
        _("WeCom answered about something else than was asked. Nothing was taken over."),
        300,
    ),
}


REFUSED_THERE: Final = _(
    "企业微信 gives no access to this corp any more: it may have left, or the app is not shared with it. "
    "Its people are kept as they are."
)
"""In place of what is said of a token of our own."""


def error(
    code: int | str, *, api: str, corpid: str = "", after: float | None = None, text: str = "",
    uncertain: bool = False, downstream: bool = False,
) -> WeComError:  # fmt: skip
    """The exception for a code of WeCom (a number) or for a trouble on the way (a word).

    What stops everything for the own corp puts one downstream corp aside; only the trusted IPs are of the app itself.
    """
    meaning = TROUBLE[code] if isinstance(code, str) else MEANINGS.get(code)
    if meaning is None:
        meaning = Meaning(FIX, format_lazy(UNKNOWN, code=code))
    if meaning.reaction is AGAIN:
        wait = meaning.after if after is None else after
        return Retryable(
            meaning.sentence, code=code, api=api, corpid=corpid, after=wait, uncertain=uncertain
        )
    sentence, reaction = meaning.sentence, meaning.reaction
    if sentence is _NOT_ALLOWED and api.startswith(CONTACTS):
        sentence = _NO_CONTACTS
    if code == 60020:
        if address := _address(text):
            sentence = format_lazy("{} ({}: {})", sentence, _("address that WeCom saw"), address)
    elif downstream and reaction is FIX:
        reaction = OFFLINE
        sentence = REFUSED_THERE if code in TOKEN_REFUSED else sentence
    return Permanent(sentence, code=code, api=api, corpid=corpid, reaction=reaction)


def _address(text: str) -> str:
    """The address that WeCom saw; it stands in the text alone, and only an address is taken from there."""
    match = re.search(r"from ip: ?([0-9a-fA-F.:]{2,45})", text)
    if match is None:
        return ""
    try:
        return str(ipaddress.ip_address(match[1].rstrip(".:,")))
    except ValueError:
        return ""
