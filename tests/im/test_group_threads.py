"""Groups under many hands at once: no gap, no lost line, no word of somebody who is out, no deadlock."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from core.errors import Hidden, UserError
from im import checks, services
from im.models import Conversation, Message, Participant
from im.services import groups
from tests.im import world
from tests.im.group_world import let_in, make_talk, party
from tests.im.test_threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def quietly(call: Callable[[], object]) -> Callable[[], bool]:
    """Whether it was done; refusals are part of the game."""

    def run() -> bool:
        with suppress(UserError):
            call()
            return True
        return False

    return run


def test_everything_at_once() -> None:
    talk = make_talk()
    pk = talk.group.pk
    new = [world.staff(f"n{number}") for number in range(6)]
    wanted = let_in(talk.a, *new)
    let_in(talk.b, *new)
    calls = []
    for number in range(6):
        calls += [
            lambda n=number: groups.add(conversation_id=pk, others=[wanted[n]], by=(talk.a, talk.b)[n % 2]),
            lambda n=number: groups.add(conversation_id=pk, others=wanted, by=(talk.a, talk.b)[n % 2]),
            lambda n=number: groups.remove(conversation_id=pk, user_id=new[n].pk, by=talk.a),
            lambda n=number: services.send(
                conversation_id=pk, body="话", client_id=f"client-{n:04}", by=talk.b, mentions=[talk.e.pk]
            ),
            lambda n=number: groups.rename(conversation_id=pk, title=f"群{n}", by=talk.b),
            lambda: services.mark_read(conversation_id=pk, seq=5, by=talk.e),
        ]  # fmt: skip
    calls += [
        lambda: groups.leave(conversation_id=pk, by=talk.f),
        lambda: groups.hand_over(conversation_id=pk, user_id=talk.b.pk, by=talk.a),
    ]
    done = at_once([quietly(call) for call in calls])
    assert all(done[3::6][:6])
    assert not checks.problems()
    seqs = (
        Message.objects.filter(conversation=talk.group)
        .order_by("seq")
        .values_list("seq", flat=True)
    )
    assert list(seqs) == list(range(1, len(seqs) + 1))
    inside = Participant.objects.filter(conversation=talk.group, left_at=None)
    added, removed = (
        [party for one in Message.objects.filter(event=event) for party in one.subjects]
        for event in ("added", "removed")
    )
    for one in new:
        assert (
            added.count(str(one.pk)) - removed.count(str(one.pk)) == inside.filter(user=one).count()
        )


def test_nobody_speaks_after_he_was_removed_or_the_group_was_dissolved() -> None:
    talk = make_talk()
    pk = talk.group.pk

    def sender(number: int) -> Callable[[], object]:
        by = (talk.e, talk.b)[number % 2]
        return lambda: services.send(
            conversation_id=pk, body="话", client_id=f"client-{number:04}", by=by
        )

    calls: list[Callable[[], object]] = [sender(number) for number in range(20)]
    calls.insert(6, lambda: groups.remove(conversation_id=pk, user_id=talk.e.pk, by=talk.a))
    calls.insert(14, lambda: groups.dissolve(conversation_id=pk, by=talk.a))
    at_once([quietly(call) for call in calls])
    rows = Message.objects.filter(conversation=talk.group)
    ended = rows.get(event="ended").seq
    # Whoever dissolves it may be first; then nobody is removed any more.
    removed = rows.filter(event="removed").values_list("seq", flat=True).first() or ended
    assert not rows.filter(sender=talk.e, seq__gt=removed).exists()
    assert not rows.filter(seq__gt=ended).exists()
    assert not checks.problems()


def test_the_same_group_sent_twice_at_once() -> None:
    talk = make_talk()
    calls = [lambda: groups.create(by=talk.a, others=[party(talk.b)], client_id="client-once")] * 6
    assert len({group.pk for group in at_once(calls)}) == 1
    assert Conversation.objects.count() == 2


def test_two_organizations_at_once() -> None:
    talk = make_talk()
    for one in (talk.e, talk.f):
        groups.remove(conversation_id=talk.group.pk, user_id=one.pk, by=talk.a)
    world.World.organizations[party(talk.f)] = 9001
    calls = [
        lambda one=one: groups.add(conversation_id=talk.group.pk, others=[party(one)], by=talk.a)
        for one in (talk.e, talk.f)
    ]
    assert sorted(at_once([quietly(call) for call in calls])) == [False, True]
    assert not checks.problems()


def test_the_last_two_of_the_staff_leave_at_once() -> None:
    talk = make_talk()
    calls = [
        lambda one=one: groups.leave(conversation_id=talk.group.pk, by=one)
        for one in (talk.a, talk.b)
    ]
    assert all(at_once([quietly(call) for call in calls]))
    talk.group.refresh_from_db()
    assert talk.group.ended_at
    assert not checks.problems()
    with pytest.raises(Hidden):
        talk.say(talk.a)
