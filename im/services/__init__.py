"""Writing: conversations, messages, read marks, notifications; groups in a module of their own (SPEC section 7).

Messages and read marks have no audit rows: a message is itself the record of who said what when, nobody but its sender
changes it, and the trail must not become a second copy of private talk. What a notification is about was audited where
it happened, and who is in which group is in the trail. Locks are taken in one order: conversation (by id), then
membership.
"""

from im.services.conversations import NOBODY, open_direct, set_muted, set_pinned
from im.services.files import send_file
from im.services.forwarding import can_be_forwarded, forward
from im.services.messages import RATE_LIMIT, RECALL_WITHIN, mark_read, recall, send
from im.services.notices import notify
from im.services.reminding import choose

__all__ = [
    "NOBODY",
    "RATE_LIMIT",
    "RECALL_WITHIN",
    "can_be_forwarded",
    "choose",
    "forward",
    "mark_read",
    "notify",
    "open_direct",
    "recall",
    "send",
    "send_file",
    "set_muted",
    "set_pinned",
]
