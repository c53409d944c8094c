"""In random histories every door shows a member what the plain rule of SPEC IM-2 gives him, and nothing else."""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from accounts.models import User
from core.errors import Hidden, UserError
from im import parts, selectors, services
from im.live import checks, events
from im.models import Attachment, Conversation, Message
from im.selectors.searching import STEP
from im.services import groups, messages
from tests.im import world
from tests.im.group_world import party

pytestmark = pytest.mark.django_db
DEEP = bool(os.environ.get("DEEP"))
SEEDS = range(40 if DEEP else 2)
STEPS = 120 if DEEP else 60


@dataclass
class History:
    """A group and, beside it, what the test itself remembers of it."""

    rng: random.Random
    staff: list[User]
    outside: list[User]
    group: Conversation
    owner: User
    inside: set[User] = field(default_factory=set)
    since: dict[User, int] = field(default_factory=dict)
    read: dict[User, int] = field(default_factory=dict)
    muted: set[User] = field(default_factory=set)
    count: int = 0

    @property
    def people(self) -> list[User]:
        return [*self.staff, *self.outside]

    @property
    def last(self) -> int:
        return Conversation.objects.get(pk=self.group.pk).last_seq

    def takes_part(self, user: User) -> bool:
        """The plain rule."""
        if user not in self.inside:
            return False
        if not user.is_external:
            return True
        me = party(user)
        here = [world.World.organizations.get(me, world.ORGANIZATION)]
        seen = any(
            (party(one), me) in world.World.sees and one in self.inside for one in self.staff
        )
        return me not in world.World.unusable and here == [self.organization] and seen

    @property
    def organization(self) -> int | None:
        return Conversation.objects.get(pk=self.group.pk).organization_id

    def allowed(self, user: User) -> set[int]:
        """The numbers of the messages that he may read."""
        if user not in self.inside:
            return set()
        end = self.last if self.takes_part(user) else self.read[user]
        return set(range(self.since[user] + 1, end + 1))


def begin(seed: int) -> History:
    rng = random.Random(seed)
    staff = [world.staff(f"s{number}", f"内{number}") for number in range(3)]
    outside = [
        world.external(f"x{number}", name=f"外{number}", identity=800 + number)
        for number in range(3)
    ]
    for one in staff:
        for other in (*staff, *outside):
            if one != other and (rng.random() < 0.7 or one == staff[0]):
                world.sees(party(one), party(other))
    first = [staff[1], outside[0], outside[1]]
    group = groups.create(
        by=staff[0], others=[party(one) for one in first], client_id=f"history-{seed:04}"
    )
    history = History(rng, staff, outside, group, staff[0])
    for one in (staff[0], *first):
        history.inside.add(one)
        history.since[one] = 0
        history.read[one] = 1 if one == staff[0] else 0
    return history


def step(history: History) -> None:
    """Something happens; what is refused changes nothing."""
    rng = history.rng
    by, other = rng.choice(history.people), rng.choice(history.people)
    before = history.last
    history.count += 1
    with suppress(UserError):
        rng.choice(ACTS)(history, by, other)
    if history.last > before and by in history.inside:
        history.read[by] = history.last


def say(history: History, by: User, other: User) -> None:
    named = history.rng.sample([one.pk for one in history.people], 2)
    services.send(
        conversation_id=history.group.pk, body=f"词{history.count}", client_id=f"say-{history.count:06}", by=by,
        mentions=named,
    )  # fmt: skip
    assert history.takes_part(by)


def read(history: History, by: User, other: User) -> None:
    last = history.last
    seq = history.rng.randint(0, last + 3)
    services.mark_read(conversation_id=history.group.pk, seq=seq, by=by)
    top = last if history.takes_part(by) else history.read[by]
    history.read[by] = max(history.read[by], min(seq, top))


def add(history: History, by: User, other: User) -> None:
    last = history.last
    if groups.add(conversation_id=history.group.pk, others=[party(other)], by=by):
        history.inside.add(other)
        history.since[other] = history.read[other] = last
        history.muted.discard(other)


def remove(history: History, by: User, other: User) -> None:
    groups.remove(conversation_id=history.group.pk, user_id=other.pk, by=by)
    history.inside.discard(other)


def leave(history: History, by: User, other: User) -> None:
    if by != history.staff[0]:  # the group goes on
        groups.leave(conversation_id=history.group.pk, by=by)
        history.inside.discard(by)


def rename(history: History, by: User, other: User) -> None:
    groups.rename(conversation_id=history.group.pk, title=f"群{history.rng.randint(0, 3)}", by=by)


def hand_over(history: History, by: User, other: User) -> None:
    groups.hand_over(conversation_id=history.group.pk, user_id=other.pk, by=by)


def recall(history: History, by: User, other: User) -> None:
    seq = history.rng.randint(1, history.last)
    services.recall(conversation_id=history.group.pk, seq=seq, by=by)


def mute(history: History, by: User, other: User) -> None:
    services.set_muted(conversation_id=history.group.pk, value=True, by=by)
    history.muted.add(by)


def send_file(history: History, by: User, other: User) -> None:
    """As services.send_file, without looking at a file."""
    name = f"file-{history.count:06}"
    seat, _sent = messages.begin(conversation_id=history.group.pk, client_id=name, by=by)
    attachment = Attachment.objects.create(
        owner=by, kind="file", name=f"词{history.count}.pdf", content_type="", size=1, file=ContentFile(b"x", name)
    )  # fmt: skip
    messages.append(
        seat.me, client_id=name, by=by, to=seat.listeners, body="", attachment=attachment
    )


def change(history: History, whom: User, other: User) -> None:
    """A right comes or goes."""
    rng = history.rng
    me = party(whom)
    if not whom.is_external:
        return
    what = rng.choice(["sees", "usable", "organization"])
    if what == "sees":
        pair = (party(rng.choice(history.staff)), me)
        world.World.sees ^= {pair}
    elif what == "usable":
        world.World.unusable ^= {me}
    else:
        world.World.organizations[me] = rng.choice([world.ORGANIZATION, world.ORGANIZATION, 9001])


ACTS = [
    *[say] * 5,
    *[read] * 3,
    *[change] * 3,
    send_file,
    add,
    add,
    remove,
    leave,
    rename,
    hand_over,
    recall,
    mute,
]


def sample(history: History) -> list[int]:
    """Some numbers, the last ones among them."""
    return sorted({*range(1, history.last, 9), history.last - 1, history.last, history.last + 1})


def paged(thread: selectors.Thread) -> list[int]:
    """Every message by way of the pages, the newest first page by page."""
    found: list[int] = []
    before = None
    while True:
        page = selectors.page(thread=thread, before=before, limit=7)
        found = [one.seq for one in page.messages] + found
        if not page.has_older:
            return found
        before = page.messages[0].seq


def doors(history: History, user: User) -> dict[str, Any]:
    """What each door shows this member; {} where he has none."""
    pk = history.group.pk
    try:
        thread = selectors.thread(conversation_id=pk, user=user)
    except Hidden:
        return {}
    news = selectors.news(thread=thread, since=selectors.Cursor())
    (row,), _more = selectors.conversations(user=user)
    words = selectors.search(user=user, q="词", conversation_id=pk)
    single = []
    for seq in sample(history):
        with suppress(Hidden):
            selectors.message(conversation_id=pk, seq=seq, user=user)
            single.append(seq)
    return {
        "pages": paged(thread),
        "news": [one.seq for one in news.page.messages],
        "single": single,
        "all": sorted(parts.readable(party(user)).values_list("seq", flat=True)),
        "search": sorted(one.seq for one in words.messages),
        "files": sorted(
            one.seq for one in selectors.shared(conversation_id=pk, user=user).messages
        ),
        "last": row.last.seq if row.last else None,
        "unread": row.unread,
        "mentioned": row.mentioned,
        "badge": selectors.unread_total(user=user),
        "writable": thread.writable,
    }


def plain(history: History, user: User) -> dict[str, Any]:
    """The same by the plain rule, counted one by one."""
    if user not in history.inside:
        return {}
    allowed = history.allowed(user)
    said_there = Message.objects.filter(conversation=history.group).order_by("seq")
    rows = [one for one in said_there if one.seq in allowed]
    kept = [one for one in rows if one.recalled_at is None]
    unread = [
        one
        for one in kept
        if one.seq > history.read[user] and not one.event and one.sender_id != user.pk
    ]
    naming = [one for one in unread if user.pk in one.mentions]
    said = sorted((one.seq for one in kept if not one.event), reverse=True)
    return {
        "pages": sorted(allowed),
        "news": sorted(allowed),
        "single": [one.seq for one in kept if one.seq in sample(history)],
        "all": sorted(allowed),
        "search": sorted(said[:STEP]),
        "files": sorted(one.seq for one in rows if one.attachment_id)[-20:],
        "last": max(allowed) if allowed else None,
        "unread": len(unread),
        "mentioned": bool(naming),
        "badge": len(naming if user in history.muted else unread),
        "writable": history.takes_part(user),
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_every_door_shows_the_same_part(seed: int) -> None:
    history = begin(seed)
    for number in range(STEPS):
        step(history)
        if number % 6 and not DEEP:
            continue
        for user in history.people:
            assert doors(history, user) == plain(history, user), (number, user)
        group = Conversation.objects.get(pk=history.group.pk)
        told = {row.user_id for row in parts.listeners(group)}
        assert told == {one.pk for one in history.people if history.takes_part(one)}
        for user in history.people:
            missed = checks.missed(party(user), events.now_ms())
            assert (missed != []) == history.takes_part(user)
    call_command("check_invariants", only="messages")
