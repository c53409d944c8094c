"""Groups: making, taking in, removing, leaving, naming, handing over, ending; each with its line and its row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext

from accounts.models import User
from core.errors import Denied, Hidden, Invalid
from core.models import AuditEntry
from im import checks, selectors, services, tables
from im.bodies import EVERYONE
from im.identities import follow
from im.models import Conversation, Message, Participant
from im.reach import Party
from im.services import groups
from tests.im import world
from tests.im.group_world import Talk, let_in, lose, make_talk, party

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(db: None) -> Talk:
    return make_talk()


def seen(talk: Talk, user: User) -> list[str]:
    """What this person reads: bodies, and events by name."""
    thread = selectors.thread(conversation_id=talk.group.pk, user=user)
    page = selectors.page(thread=thread)
    return [one.event or one.body for one in page.messages]


def events(talk: Talk) -> list[tuple[str, list[object]]]:
    rows = Message.objects.filter(conversation=talk.group).exclude(event="")
    return list(rows.order_by("seq").values_list("event", "subjects"))


def test_a_group_has_its_people_its_owner_and_its_organization(talk: Talk) -> None:
    assert talk.group.organization_id == world.ORGANIZATION
    rows = Participant.objects.filter(conversation=talk.group)
    assert {(row.user_id, row.identity_id, row.is_owner) for row in rows} == {
        (talk.a.pk, None, True), (talk.b.pk, None, False), (talk.e.pk, 601, False), (talk.f.pk, 602, False),
    }  # fmt: skip
    wanted = [str(party(one)) for one in (talk.b, talk.e, talk.f)]
    assert events(talk) == [("created", wanted)]
    entry = AuditEntry.objects.get(action="group.create")
    assert entry.after == {"subjects": wanted}
    for one in (talk.a, talk.b, talk.e, talk.f):
        assert seen(talk, one) == ["created"]


def test_the_same_name_for_it_gives_the_same_group(talk: Talk) -> None:
    again = groups.create(
        by=talk.a, others=[party(talk.b)], title="另一个", client_id=f"group-{talk.a.pk:08}"
    )
    assert again == talk.group


def test_external_people_change_nothing(talk: Talk) -> None:
    world.sees(party(talk.e), party(talk.a), both=True)
    calls: list[Callable[[], object]] = [
        lambda: groups.create(by=talk.e, others=[party(talk.a)], client_id="client-e1"),
        lambda: groups.add(conversation_id=talk.group.pk, others=[party(talk.a)], by=talk.e),
        lambda: groups.rename(conversation_id=talk.group.pk, title="x", by=talk.e),
        lambda: groups.remove(conversation_id=talk.group.pk, user_id=talk.a.pk, by=talk.e),
        lambda: groups.hand_over(conversation_id=talk.group.pk, user_id=talk.b.pk, by=talk.e),
        lambda: groups.dissolve(conversation_id=talk.group.pk, by=talk.e),
    ]
    for call in calls:
        with pytest.raises(Denied):
            call()
    assert len(events(talk)) == 1


def test_only_whom_one_sees_is_taken_in_and_all_or_nobody(talk: Talk) -> None:
    g, hidden = world.staff("g"), world.staff("h")
    let_in(talk.a, g)
    for others in ([party(g), party(hidden)], [Party(10**9)], [Party(talk.e.pk, 999)]):
        if others[0] != Party(talk.e.pk, 999):
            with pytest.raises(Hidden):
                groups.add(conversation_id=talk.group.pk, others=others, by=talk.a)
        else:
            with pytest.raises(Invalid):
                groups.add(conversation_id=talk.group.pk, others=others, by=talk.a)
    assert Participant.objects.filter(conversation=talk.group).count() == 4
    # b sees nobody outside.
    other = world.external("i", name="石磊", identity=603)
    let_in(talk.a, other)
    with pytest.raises(Hidden):
        groups.add(conversation_id=talk.group.pk, others=[party(other)], by=talk.b)
    world.World.unusable.add(party(other))
    with pytest.raises(Hidden):
        groups.add(conversation_id=talk.group.pk, others=[party(other)], by=talk.a)


def test_external_people_of_one_organization(talk: Talk) -> None:
    other = world.external("i", name="石磊", identity=603)
    world.World.organizations[party(other)] = 9001
    let_in(talk.a, other)
    with pytest.raises(Invalid):
        groups.add(conversation_id=talk.group.pk, others=[party(other)], by=talk.a)
    with pytest.raises(Invalid):
        groups.create(by=talk.a, others=[party(talk.e), party(other)], client_id="client-two")
    for one in (talk.e, talk.f):
        groups.remove(conversation_id=talk.group.pk, user_id=one.pk, by=talk.a)
    talk.group.refresh_from_db()
    assert talk.group.organization_id is None
    groups.add(conversation_id=talk.group.pk, others=[party(other)], by=talk.a)
    talk.group.refresh_from_db()
    assert talk.group.organization_id == 9001
    assert seen(talk, other) == ["added"]


def test_at_most_two_hundred(talk: Talk) -> None:
    people = [world.staff(f"s{number}") for number in range(197)]
    wanted = let_in(talk.a, *people)
    with pytest.raises(Invalid, match="200"):
        groups.add(conversation_id=talk.group.pk, others=wanted, by=talk.a)
    groups.add(conversation_id=talk.group.pk, others=wanted[:196], by=talk.a)
    assert Participant.objects.filter(conversation=talk.group, left_at=None).count() == 200


@pytest.mark.parametrize("others", [[], ["self"]])
def test_nobody_chosen(talk: Talk, others: list[str]) -> None:
    wanted = [party(talk.a) for _ in others]
    with pytest.raises(Invalid):
        groups.create(by=talk.a, others=wanted, client_id="client-none")


def test_a_new_member_reads_from_where_he_came(talk: Talk) -> None:
    talk.say(talk.a, "之前")
    g = world.staff("g", "高航")
    let_in(talk.b, g)
    groups.add(conversation_id=talk.group.pk, others=[party(g)], by=talk.b)
    talk.say(talk.a, "之后")
    assert seen(talk, g) == ["added", "之后"]
    assert selectors.unread_total(user=g) == 1
    # Twice changes nothing, and leaves no line.
    assert groups.add(conversation_id=talk.group.pk, others=[party(g)], by=talk.b) == []
    assert seen(talk, g) == ["added", "之后"]


def test_who_is_removed_or_leaves_has_nothing_any_more(talk: Talk) -> None:
    talk.say(talk.a, "说过的")
    groups.remove(conversation_id=talk.group.pk, user_id=talk.e.pk, by=talk.a)
    groups.leave(conversation_id=talk.group.pk, by=talk.f)
    groups.leave(conversation_id=talk.group.pk, by=talk.b)
    for one in (talk.e, talk.f, talk.b):
        with pytest.raises(Hidden):
            selectors.thread(conversation_id=talk.group.pk, user=one)
        with pytest.raises(Hidden):
            talk.say(one)
        assert selectors.conversations(user=one) == ([], False)
        assert selectors.unread_total(user=one) == 0
    groups.add(conversation_id=talk.group.pk, others=[party(talk.e)], by=talk.a)
    assert seen(talk, talk.e) == ["added"]
    assert [event for event, _ in events(talk)] == ["created", "removed", "left", "left", "added"]


def test_the_owner_decides(talk: Talk) -> None:
    for call in (
        lambda by: groups.remove(conversation_id=talk.group.pk, user_id=talk.f.pk, by=by),
        lambda by: groups.hand_over(conversation_id=talk.group.pk, user_id=talk.b.pk, by=by),
        lambda by: groups.dissolve(conversation_id=talk.group.pk, by=by),
    ):
        with pytest.raises(Denied):
            call(talk.b)
    with pytest.raises(Denied):
        groups.remove(conversation_id=talk.group.pk, user_id=talk.a.pk, by=talk.a)
    with pytest.raises(Denied):
        groups.hand_over(conversation_id=talk.group.pk, user_id=talk.e.pk, by=talk.a)
    with pytest.raises(Hidden):
        groups.remove(conversation_id=talk.group.pk, user_id=10**9, by=talk.a)
    groups.hand_over(conversation_id=talk.group.pk, user_id=talk.b.pk, by=talk.a)
    groups.remove(conversation_id=talk.group.pk, user_id=talk.a.pk, by=talk.b)
    assert Participant.objects.get(conversation=talk.group, is_owner=True).user == talk.b


def test_a_group_passes_on_with_its_owner(talk: Talk) -> None:
    User.objects.filter(pk=talk.a.pk).update(is_active=False)
    groups.remove(conversation_id=talk.group.pk, user_id=talk.f.pk, by=talk.b)
    User.objects.filter(pk=talk.a.pk).update(is_active=True)
    groups.leave(conversation_id=talk.group.pk, by=talk.a)
    assert Participant.objects.get(conversation=talk.group, is_owner=True).user == talk.b
    groups.leave(conversation_id=talk.group.pk, by=talk.b)
    talk.group.refresh_from_db()
    assert talk.group.ended_at is not None


def test_an_ended_group_is_read_only(talk: Talk) -> None:
    talk.say(talk.a, "最后一句")
    groups.dissolve(conversation_id=talk.group.pk, by=talk.a)
    assert seen(talk, talk.b) == ["created", "最后一句", "ended"]
    assert seen(talk, talk.e) == ["created", "最后一句", "ended"]
    g = world.staff("g")
    let_in(talk.a, g)
    for call in (
        lambda: talk.say(talk.a),
        lambda: groups.add(conversation_id=talk.group.pk, others=[party(g)], by=talk.a),
        lambda: groups.rename(conversation_id=talk.group.pk, title="x", by=talk.a),
        lambda: groups.dissolve(conversation_id=talk.group.pk, by=talk.a),
    ):
        with pytest.raises(Denied):
            call()
    groups.leave(conversation_id=talk.group.pk, by=talk.e)
    with pytest.raises(Hidden):
        seen(talk, talk.e)


def test_names(talk: Talk) -> None:
    def name(user: User) -> str:
        (row,), _more = selectors.conversations(user=user)
        assert row.card == selectors.thread(conversation_id=talk.group.pk, user=user).card
        return row.card.name

    assert name(talk.e) == "恒拓框架采购群"
    groups.rename(conversation_id=talk.group.pk, title=" 新\u202e名字\n", by=talk.b)
    assert name(talk.e) == "新名字"
    groups.rename(conversation_id=talk.group.pk, title="", by=talk.b)
    assert name(talk.a) == "沈佳、林晓彤、贺知远"
    assert name(talk.e) == "周明宇、沈佳、贺知远"
    with pytest.raises(Invalid):
        groups.rename(conversation_id=talk.group.pk, title="字" * 61, by=talk.b)
    assert [subjects for event, subjects in events(talk) if event == "renamed"] == [
        ["新名字", "恒拓框架采购群"], ["", "新名字"],
    ]  # fmt: skip


def test_the_other_identity_of_a_member_does_not_come_in_beside_him(talk: Talk) -> None:
    other = Party(talk.e.pk, 700)
    world.World.cards[other] = world.World.cards[party(talk.e)]
    world.sees(party(talk.a), other)
    with pytest.raises(Invalid):
        groups.add(conversation_id=talk.group.pk, others=[other], by=talk.a)


def test_whoever_takes_part_no_more_keeps_what_he_had_read(talk: Talk) -> None:
    talk.say(talk.a, "读过的")
    services.mark_read(conversation_id=talk.group.pk, seq=2, by=talk.e)
    talk.say(talk.a, "没读的")
    saved = set(world.World.sees)
    for change in ("unseen", "unusable", "moved"):
        if change == "unseen":
            lose(talk.e)
        elif change == "unusable":
            world.World.unusable.add(party(talk.e))
        else:
            world.World.organizations[party(talk.e)] = 9001
        assert seen(talk, talk.e) == ["created", "读过的"]
        assert selectors.unread_total(user=talk.e) == 0
        (row,), _more = selectors.conversations(user=talk.e)
        assert row.unread == 0
        assert row.last is not None
        assert row.last.body == "读过的"
        assert not services.mark_read(conversation_id=talk.group.pk, seq=3, by=talk.e)
        with pytest.raises(Denied):
            talk.say(talk.e)
        # The others go on; f is seen still.
        assert seen(talk, talk.f) == ["created", "读过的", "没读的"]
        world.World.sees = set(saved)
        world.World.unusable.clear()
        world.World.organizations.clear()
        assert seen(talk, talk.e) == ["created", "读过的", "没读的"]
        assert selectors.unread_total(user=talk.e) == 1


def test_a_closed_group_looks_the_same_whatever_goes_on_in_it(talk: Talk) -> None:
    """Neither name, nor place in the list, nor members, nor marks tell that others go on (SECURITY T56)."""
    talk.say(talk.e, "我说的")
    services.open_direct(by=talk.a, other=party(talk.e))
    lose(talk.e)

    def looks() -> object:
        thread = selectors.thread(conversation_id=talk.group.pk, user=talk.e)
        page = selectors.page(thread=thread)
        news = selectors.news(thread=thread, since=selectors.Cursor())
        rows, _more = selectors.conversations(user=talk.e)
        return (
            thread.card, thread.read, len(thread.readers), [one.pk for one in page.messages], news.cursor,
            [(row.card, row.at, row.unread, row.mentioned, row.last) for row in rows],
            selectors.roster(thread), selectors.cursor(thread=thread),
        )  # fmt: skip

    before = looks()
    talk.say(talk.a, "他看不到", mentions=[talk.e.pk])
    services.mark_read(conversation_id=talk.group.pk, seq=3, by=talk.f)
    groups.rename(conversation_id=talk.group.pk, title="新名字", by=talk.a)
    groups.rename(conversation_id=talk.group.pk, title="更新的名字", by=talk.a)
    groups.remove(conversation_id=talk.group.pk, user_id=talk.f.pk, by=talk.a)
    groups.dissolve(conversation_id=talk.group.pk, by=talk.a)
    assert looks() == before


def test_staff_who_left_see_nobody_into_the_group(talk: Talk) -> None:
    let_in(talk.b, talk.f)
    groups.hand_over(conversation_id=talk.group.pk, user_id=talk.b.pk, by=talk.a)
    groups.leave(conversation_id=talk.group.pk, by=talk.a)
    talk.say(talk.b, "之后")
    assert "之后" in seen(talk, talk.f)
    assert "之后" not in seen(talk, talk.e)


def test_external_people_are_not_told_names_of_other_organizations(talk: Talk) -> None:
    talk.say(talk.f, "我是贺知远")
    world.World.organizations[party(talk.f)] = 9001
    thread = selectors.thread(conversation_id=talk.group.pk, user=talk.e)
    faces = selectors.page(thread=thread).faces
    assert faces.name(party(talk.f), talk.group) == gettext("External person")
    assert faces.name(party(talk.a), talk.group) == "周明宇"
    assert "贺知远" not in {one.card.name for one in selectors.roster(thread)}
    thread = selectors.thread(conversation_id=talk.group.pk, user=talk.a)
    assert selectors.page(thread=thread).faces.name(party(talk.f), talk.group) == "贺知远"


def test_only_names_inside(talk: Talk) -> None:
    """No department of staff, and for staff no line of people they do not see outside (SPEC IM-2)."""
    for reader, lines in ((talk.e, {""}), (talk.b, {""}), (talk.a, {"恒拓精密", "采购中心", ""})):
        thread = selectors.thread(conversation_id=talk.group.pk, user=reader)
        assert {one.card.line for one in selectors.roster(thread)} == lines


def test_mentions(talk: Talk) -> None:
    outsider = world.staff("x", "外人")
    named = [talk.e.pk, talk.b.pk, outsider.pk, talk.a.pk]
    message = talk.say(talk.a, "@林晓彤 @沈佳 看一下", mentions=named)
    assert message.mentions == sorted([talk.e.pk, talk.b.pk])
    services.set_muted(conversation_id=talk.group.pk, value=True, by=talk.e)
    services.set_muted(conversation_id=talk.group.pk, value=True, by=talk.f)
    talk.say(talk.a, "别的")
    assert selectors.unread_total(user=talk.e) == 1
    assert selectors.unread_total(user=talk.f) == 0
    (row,), _more = selectors.conversations(user=talk.e)
    assert row.mentioned
    services.recall(conversation_id=talk.group.pk, seq=message.seq, by=talk.a)
    (row,), _more = selectors.conversations(user=talk.e)
    assert not row.mentioned
    assert selectors.unread_total(user=talk.e) == 0


def test_everyone_is_named_by_staff_alone(talk: Talk) -> None:
    message = talk.say(talk.b, "@所有人 明天停机", mentions=[EVERYONE])
    assert message.mentions == sorted([EVERYONE, talk.a.pk, talk.e.pk, talk.f.pk])
    assert not checks.problems()
    thread = selectors.thread(conversation_id=talk.group.pk, user=talk.e)
    page = selectors.page(thread=thread)
    line = tables.page_lines(page, thread).lines[-1]
    assert line.names_me
    assert '<span class="at at-me">@所有人</span>' in line.body
    services.recall(conversation_id=talk.group.pk, seq=message.seq, by=talk.b)
    (row,), _more = selectors.conversations(user=talk.e)
    assert not row.mentioned
    assert talk.say(talk.e, "@所有人", mentions=[EVERYONE, talk.f.pk]).mentions == [talk.f.pk]


def test_reading_is_told_of_those_who_can(talk: Talk) -> None:
    message = talk.say(talk.a, "请确认")
    services.mark_read(conversation_id=talk.group.pk, seq=message.seq, by=talk.b)
    lose(talk.f)
    thread = selectors.thread(conversation_id=talk.group.pk, user=talk.a)
    unread, read = selectors.readers(thread, message.seq)
    assert [[one.user_id for one in some] for some in (unread, read)] == [[talk.e.pk], [talk.b.pk]]
    for seq in (1, 99):
        with pytest.raises(Hidden):
            selectors.readers(thread, seq)


def test_events_cannot_be_recalled(talk: Talk) -> None:
    with pytest.raises(Denied):
        services.recall(conversation_id=talk.group.pk, seq=1, by=talk.a)


def test_groups_only(talk: Talk) -> None:
    world.sees(party(talk.a), party(talk.b), both=True)
    direct = services.open_direct(by=talk.a, other=party(talk.b))
    assert Conversation.objects.count() == 2
    for call in (
        lambda: groups.add(conversation_id=direct.pk, others=[party(talk.e)], by=talk.a),
        lambda: groups.leave(conversation_id=direct.pk, by=talk.a),
        lambda: groups.dissolve(conversation_id=direct.pk, by=talk.a),
    ):
        with pytest.raises(Hidden):
            call()


def test_a_merge_of_two_entries_takes_groups_along(talk: Talk) -> None:
    """The member, what he said and the lines that name him belong to the entry that stays."""
    said = talk.say(talk.e, "我说的")
    groups.remove(conversation_id=talk.group.pk, user_id=talk.f.pk, by=talk.a)
    assert follow(former=601, now=700) == [talk.group.pk]
    world.World.identities[talk.e.pk] = 700
    world.World.cards[party(talk.e)] = world.World.cards[Party(talk.e.pk, 601)]
    said.refresh_from_db()
    assert said.sender_identity_id == 700
    assert str(party(talk.e)) in events(talk)[0][1]
    assert events(talk)[1] == ("removed", [str(party(talk.f))])
    # Nobody sees the entry that stays yet: he keeps what he read, and what he said is his.
    assert seen(talk, talk.e) == ["created", "我说的"]
    talk.say(talk.a, "之后")
    assert "之后" not in seen(talk, talk.e)
    let_in(talk.a, talk.e)
    assert seen(talk, talk.e)[-1] == "之后"
    assert not checks.problems()


def count(call: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_queries_do_not_grow_with_members_groups_or_lines(talk: Talk) -> None:
    def calls(user: User) -> list[int]:
        def thread() -> selectors.Thread:
            return selectors.thread(conversation_id=talk.group.pk, user=user)

        here = thread()
        return [
            count(thread),
            count(lambda: selectors.page(thread=here)),
            count(lambda: selectors.news(thread=here, since=selectors.Cursor())),
            count(lambda: selectors.roster(here)),
            count(lambda: selectors.conversations(user=user)),
            count(lambda: selectors.unread_total(user=user)),
            count(lambda: talk.say(user)),
        ]

    talk.say(talk.f, "开始", mentions=[talk.e.pk])
    few = {user: calls(user) for user in (talk.a, talk.e)}
    people = [world.staff(f"n{number}", f"员{number}") for number in range(10)]
    people += [
        world.external(f"m{number}", name=f"外{number}", identity=900 + number)
        for number in range(10)
    ]
    groups.add(conversation_id=talk.group.pk, others=let_in(talk.a, *people), by=talk.a)
    for number in range(4):
        wanted = [party(one) for one in (talk.b, talk.e, *people[number:])]
        groups.create(by=talk.a, others=wanted, client_id=f"many-{number:06}")
    for one in people:
        talk.say(one, "@林晓彤", mentions=[talk.e.pk])
    for user, before in few.items():
        after = calls(user)
        # Groups without a name ask for the first of their members: once for all of them.
        assert [a - b for a, b in zip(after, before, strict=True)] == [0, 0, 0, 0, 1, 0, 0]
