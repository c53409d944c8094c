"""企业微信 as a way to be told of things (SPEC IM-4, WEC-8): staff by the token of the corp, people of a downstream
corp by the token of theirs.

What leaves says how much waits and where, as in every channel; approval cards say what a decider has to know. A telling
is at most TITLES cards and one message, and `pause` apart from the next: far from the 30 a minute that WeCom allows.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.secrets import Unreadable
from im.channels import Later, News, Refused, address
from im.models import Rhythm, Topic
from im.reminder_jobs import TITLES
from wecom_sync import whose
from wecom_sync.access import SHORT, gateway_of
from wecom_sync.addresses import opening
from wecom_sync.gateway import Directory, Permanent, Reaction, Retryable
from wecom_sync.models import Connection
from wecom_sync.services import cards
from wecom_sync.whose import Addressee

if TYPE_CHECKING:
    from django.db.models import Q

    from accounts.models import User
    from core.ui import Text
    from im.channels import Summary

# More lines than this would be cut by WeCom in the middle of an address.
LINES: Final = 5
# Of one receiver: trying again changes nothing.
FOR_GOOD: Final = frozenset({Reaction.SKIP, Reaction.BUG})


class WeComChannel:
    """Notifications at once, messages of people not at all, unless somebody chooses otherwise."""

    key = "wecom"
    label = gettext_lazy("In WeCom")
    icon = "message-circle"
    grace = datetime.timedelta(seconds=10)
    pause = datetime.timedelta(minutes=1)

    def configured(self) -> bool:
        """Which connections tell people stands in the database: that is asked together with the people."""
        return True

    def reaches(self) -> Q:
        return whose.reached()

    def why_not(self, user: User) -> Text:
        if not Connection.objects.filter(enabled=True, notify=True).exists():
            return _("This installation sends nothing to WeCom.")
        if self.available(user):
            return ""
        if user.is_external:
            return _("Your company is not connected through WeCom.")
        return _("No WeCom account is linked with your login yet: link it under Second factor.")

    def default(self, topic: Topic) -> Rhythm:
        return Rhythm.NOW if topic == Topic.NOTICES else Rhythm.OFF

    def available(self, user: User) -> bool:
        return whose.addressee(user) is not None

    def deliver(self, user: User, summary: Summary) -> None:
        """Cards first: they are known by their number, so that a repetition sends none of them again."""
        to = whose.addressee(user)
        if to is None:
            raise Refused
        with translation.override(user.language):
            with _told():
                gateway = directory_of(to)
                rest = cards.send(gateway, to, user, summary)
            if rest or summary.messages or len(summary.news) >= TITLES:
                with _told(once=True):
                    sent = gateway.send_text(
                        (to.member_id,), _text(to.connection, user, summary, rest)
                    )
                    if sent.missed:
                        raise Refused


@contextmanager
def _told(*, once: bool = False) -> Iterator[None]:
    """What WeCom answers, in the words of channels. A message that may have arrived is not said again (`once`)."""
    try:
        yield
    except Retryable as error:
        if not (once and error.uncertain):
            raise Later from error
    except Permanent as error:
        raise (Refused if error.reaction in FOR_GOOD else Later) from error
    except (Unreadable, ValueError) as error:
        raise Later from error


def directory_of(to: Addressee) -> Directory:
    """Who speaks to him. Raises WeComError, Refused where the app is not shared with his corp any more."""
    gateway = gateway_of(to.connection, patience=SHORT)
    if to.own:
        return gateway
    share = next(iter(gateway.shares(to.corp_id)), None)
    if share is None:
        raise Refused
    return gateway.downstream(share)


def _text(connection: Connection, user: User, summary: Summary, rest: list[News]) -> str:
    def line(one: News) -> dict[str, str]:
        url = opening(connection, one.url) if one.url else ""
        return {"title": one.title.translate({ord("<"): None, ord(">"): None}), "url": url}

    values: dict[str, Any] = {
        "summary": summary, "lines": [line(one) for one in rest[:LINES]],
        "url": opening(connection, address(user, "index")),
    }  # fmt: skip
    return render_to_string("wecom_sync/message.txt", values).strip()
