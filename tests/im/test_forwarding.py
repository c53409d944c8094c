"""Forwarding: the right of the new message, one file for all, all targets or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from accounts.models import User
from core.errors import Conflict, Denied, Hidden, Invalid
from im import jobs, selectors, services
from im.models import Attachment, Conversation, Message
from im.reach import Party
from tests.im import world
from tests.im.uploading import PDF, upload

pytestmark = pytest.mark.django_db
Say = Callable[..., Message]


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def han(zhou: User) -> User:
    """A colleague zhou may write to."""
    found = world.staff("han", "韩雪")
    world.sees(Party(zhou.pk), Party(found.pk))
    return found


@pytest.fixture
def file(talk: Conversation, lin: User) -> Message:
    return services.send_file(
        conversation_id=talk.pk, file=upload(), name="报价.pdf", client_id="client-file", by=lin
    )


def forward(message: Message, by: User, *to: str, **more: str) -> list[Message]:
    values = {"client_id": "client-forward", **more}
    return services.forward(
        conversation_id=message.conversation_id, seq=message.seq, to=to, by=by, **values
    )


def test_words_and_files_go_to_people_and_conversations(
    talk: Conversation, zhou: User, lin: User, han: User, say: Say, file: Message, store: Path
) -> None:
    words = say(lin, "盖章版见附件")
    (made,) = forward(words, zhou, str(Party(han.pk)))
    assert (made.body, made.sender, made.words) == ("盖章版见附件", zhou, "盖章版见附件")
    assert made.conversation != talk
    again = forward(file, zhou, f"c{made.conversation_id}", f"c{talk.pk}", client_id="client-next")
    assert {one.attachment for one in again} == {file.attachment}
    assert Attachment.objects.count() == 1
    found = selectors.attachment(conversation_id=made.conversation_id, seq=2, user=han)
    assert found == file.attachment
    with pytest.raises(Hidden):
        selectors.attachment(conversation_id=talk.pk, seq=file.seq, user=han)


def test_twice_is_once(zhou: User, han: User, file: Message) -> None:
    to = str(Party(han.pk))
    assert forward(file, zhou, to) == forward(file, zhou, to, to)
    assert Message.objects.count() == 2
    with pytest.raises(Conflict):
        forward(file, zhou, f"c{file.conversation_id}", client_id="client-file")


def test_nobody_is_reached_by_forwarding(
    talk: Conversation, zhou: User, lin: User, han: User, stranger: User, file: Message
) -> None:
    strangers = Conversation.objects.create(kind="direct", key="s", last_seq=0)
    for target in (
        str(Party(stranger.pk)),
        f"c{strangers.pk}",
        "c999999",
        "",
        "x",
        "c",
        "c²",
        str(Party(zhou.pk)),
    ):
        with pytest.raises(Hidden):
            forward(file, zhou, str(Party(han.pk)), target)
    with pytest.raises(Hidden):
        forward(file, stranger, f"c{talk.pk}")
    with pytest.raises(Hidden):
        forward(file, lin, str(Party(han.pk)))
    for targets in ([], [f"c{n}" for n in range(1, 12)]):
        with pytest.raises(Invalid):
            forward(file, zhou, *targets)
    assert Message.objects.count() == 1
    assert not Conversation.objects.exclude(pk__in=[talk.pk, strangers.pk]).exists()


def test_a_target_that_is_read_only_stops_all(zhou: User, han: User, file: Message) -> None:
    (made,) = forward(file, zhou, str(Party(han.pk)))
    world.World.sees.discard((Party(zhou.pk), Party(han.pk)))
    with pytest.raises(Denied, match="韩雪"):
        forward(
            file,
            zhou,
            f"c{file.conversation_id}",
            f"c{made.conversation_id}",
            client_id="client-2222",
        )
    assert Message.objects.count() == 2


def test_what_was_recalled_is_not_forwarded_and_what_was_forwarded_stays(
    zhou: User, lin: User, han: User, file: Message
) -> None:
    (made,) = forward(file, zhou, str(Party(han.pk)))
    services.recall(conversation_id=file.conversation_id, seq=file.seq, by=lin)
    with pytest.raises(Hidden):
        forward(file, zhou, str(Party(han.pk)), client_id="client-2222")
    assert made.attachment
    assert jobs.delete_attachment(attachment_id=made.attachment.pk) is False
    with made.attachment.file.open() as kept:
        assert kept.read() == PDF
    services.recall(conversation_id=made.conversation_id, seq=made.seq, by=zhou)
    assert jobs.delete_attachment(attachment_id=made.attachment.pk) is True


def test_notifications_are_not_forwarded(zhou: User, han: User) -> None:
    services.notify(user_ids=[zhou.pk], card_kind="", card_ref="", body="通知", dedupe_key="n")
    with pytest.raises(Invalid):
        forward(Message.objects.get(), zhou, str(Party(han.pk)))
