"""A group to test with: staff a (owner), b, external e and f of one organization."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from im import services
from im.models import Conversation, Message
from im.reach import Party
from im.services import groups
from tests.im import world


@dataclass
class Talk:
    """The people and their group."""

    a: User
    b: User
    e: User
    f: User
    group: Conversation
    said: int = 0

    def say(self, by: User, body: str = "你好", **more: object) -> Message:
        self.said += 1
        return services.send(
            conversation_id=self.group.pk,
            body=body,
            client_id=f"client-{self.said:06}",
            by=by,
            **more,  # type: ignore[arg-type]
        ).message


def party(user: User) -> Party:
    """The end at which this person stands in the fake directory."""
    return Party(user.pk, world.World.identities.get(user.pk))


def let_in(by: User, *people: User) -> list[Party]:
    """`by` may find these; their parties."""
    for one in people:
        world.sees(party(by), party(one))
    return [party(one) for one in people]


def make_talk(title: str = "恒拓框架采购群") -> Talk:
    """The group, just made."""
    a, b = world.staff("a", "周明宇"), world.staff("b", "沈佳")
    e = world.external("e", name="林晓彤", identity=601)
    f = world.external("f", name="贺知远", identity=602)
    wanted = let_in(a, b, e, f)
    group = groups.create(by=a, others=wanted, title=title, client_id=f"group-{a.pk:08}")
    return Talk(a, b, e, f, group)


def lose(user: User) -> None:
    """Nobody sees this person any more."""
    gone = party(user)
    world.World.sees = {(who, whom) for who, whom in world.World.sees if whom != gone}
