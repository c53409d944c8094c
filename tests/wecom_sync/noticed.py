"""Two people who are told of everything that a run brings about, and how often they were told of each thing.

The one owns the runs and hears of their ends; the other has asked for the accounts of a corp and hears of each
application that lapses because its person left. In the product at once; mail and 企业微信 wait until `tell`.
"""

from __future__ import annotations

from collections import Counter

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from approvals import services as approvals
from contacts.models import Contact
from im.models import ChannelChoice, Conversation, Participant, Reminder, Rhythm, Topic
from im.reminder_jobs import send_reminders
from tests.approvals.kept import Kept
from tests.factories.accounts import AdminFactory, HolderFactory, StaffFactory
from tests.im.live.streams import wait_for
from tests.im.reminders.conftest import Mailbox
from wecom_sync.models import Connection, OwnPerson
from wecom_sync.standin.remote import StandIn

OWNER, APPLICANT = "hears.runs", "hears.lapses"
PAGES = {
    "wecom_sync.run": "wecom_sync:run-card",
    "approvals.application": "approvals:application-card",
}
OPEN = "SELECT 1 FROM core_outboxentry WHERE done_at IS NULL AND failed_at IS NULL AND available_at <= now()"
NOTICES = """
SELECT m.card_kind, m.card_ref FROM im_message m JOIN im_conversation c ON c.id = m.conversation_id
JOIN accounts_user u ON c.key = 'system:' || u.id WHERE u.username IN (%s, %s)
AND m.card_kind IN ('wecom_sync.run', 'approvals.application')
"""
ENDED = """
SELECT 'wecom_sync.run', id::text FROM wecom_sync_run WHERE status = 'done' UNION ALL
SELECT 'approvals.application', id::text FROM approvals_application WHERE status = 'lapsed'
"""


def listen(crowd: StandIn, connection: Connection) -> None:
    """Both are members of this corp, whom both channels reach in the morning; somebody else decides."""
    Connection.objects.filter(pk=connection.pk).update(notify=True)
    corp = next(one for one in crowd.truth()["upstreams"] if one["corpid"] == connection.corp_id)
    members = [one["userid"] for one in corp["members"] if one["status"] == 1]
    HolderFactory()
    for name, make in ((OWNER, AdminFactory), (APPLICANT, StaffFactory)):
        user = make(username=name, email=f"{name}@example.com")
        OwnPerson.objects.create(connection=connection, member_id=members.pop(), user=user)
        for channel in ("mail", "wecom"):
            ChannelChoice.objects.create(
                user=user, channel=channel, topic=Topic.NOTICES, rhythm=Rhythm.DAILY
            )


LAST = Conversation.objects.filter(pk=OuterRef("conversation_id"))

# --- inside the site, by `manage.py shell`


def apply_for(corp_id: str) -> None:
    """Accounts for everybody of a corp."""
    user = User.objects.get(username=APPLICANT)
    people = Contact.objects.filter(remote_people__corp_id=corp_id, enabled=True)
    people.update(follower=user)
    for pk in people.values_list("pk", flat=True):
        approvals.apply(contact_id=pk, remark="订单协同", by=user)


def tell() -> None:
    """The morning has come; they read what they are told of."""
    Reminder.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    send_reminders()
    Participant.objects.update(read_seq=Subquery(LAST.values("last_seq")))


def run_inside(kept: Kept, call: str) -> None:
    assert kept.manage("shell", "-c", f"from tests.wecom_sync import noticed; noticed.{call}") == 0


# --- from outside


def each_once(kept: Kept, crowd: StandIn, box: Mailbox) -> int:
    """Everything that ended is told once in the product, by mail and in 企业微信; returns how much it is."""
    wait_for(lambda: kept.rows("SELECT 1") and not kept.rows(OPEN), 60)
    run_inside(kept, "tell()")
    ended = set(kept.rows(ENDED))
    said = Counter(kept.rows(NOTICES, OWNER, APPLICANT))
    assert said == Counter(ended), (said, ended)
    texts = [one["content"]["content"] for one in crowd.read("messages")["messages"]]
    pages = [reverse(PAGES[str(kind)], args=[ref]) for kind, ref in ended]
    for told in (box.texts, texts):
        times = {page: sum(text.count(page) for text in told) for page in pages}
        assert set(times.values()) == {1}, times
    return len(ended)
