"""Reads of conversations. Every one starts from a membership of the asking party and runs a fixed number of queries."""

from im.selectors.files import Shared, attachment, message, shared
from im.selectors.lists import (
    LIST_MAX,
    LIST_STEP,
    Filter,
    Row,
    conversations,
    unread_total,
)
from im.selectors.people import (
    cards,
    may_write,
    notices_card,
    others,
    party_of_participant,
)
from im.selectors.searching import Found, search
from im.selectors.threads import (
    PAGE,
    Cursor,
    News,
    Page,
    Thread,
    cursor,
    membership,
    news,
    page,
    thread,
)

__all__ = [
    "LIST_MAX",
    "LIST_STEP",
    "PAGE",
    "Cursor",
    "Filter",
    "Found",
    "News",
    "Page",
    "Row",
    "Shared",
    "Thread",
    "attachment",
    "cards",
    "conversations",
    "cursor",
    "may_write",
    "membership",
    "message",
    "news",
    "notices_card",
    "others",
    "page",
    "party_of_participant",
    "search",
    "shared",
    "thread",
    "unread_total",
]
