"""Reads of conversations. Every one starts from a membership of the asking party and runs a fixed number of queries."""

from im.selectors.files import Shared, attachment, message, shared
from im.selectors.groups import Member, member, mentionable, owns, readers, roster
from im.selectors.lists import (
    LIST_MAX,
    LIST_STEP,
    Filter,
    Row,
    conversations,
    rows_of,
    unread_total,
)
from im.selectors.people import (
    Faces,
    faces,
    notices_card,
    others,
    owner_of,
    parties_in,
)
from im.selectors.searching import Found, search
from im.selectors.seats import Seat, membership, seat
from im.selectors.threads import (
    PAGE,
    Cursor,
    News,
    Page,
    Thread,
    cursor,
    faces_of,
    news,
    page,
    thread,
    thread_at,
)

__all__ = [
    "LIST_MAX",
    "LIST_STEP",
    "PAGE",
    "Cursor",
    "Faces",
    "Filter",
    "Found",
    "Member",
    "News",
    "Page",
    "Row",
    "Seat",
    "Shared",
    "Thread",
    "attachment",
    "conversations",
    "cursor",
    "faces",
    "faces_of",
    "member",
    "membership",
    "mentionable",
    "message",
    "news",
    "notices_card",
    "others",
    "owner_of",
    "owns",
    "page",
    "parties_in",
    "readers",
    "roster",
    "rows_of",
    "search",
    "seat",
    "shared",
    "thread",
    "thread_at",
    "unread_total",
]
