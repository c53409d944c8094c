"""Sending pictures and files: what is taken, kept, refused, and thrown away."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connections
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from core.errors import Conflict, Denied, Hidden, Invalid, Throttled, UserError
from core.models import OutboxEntry
from core.pictures import InvalidPicture
from core.uploads import RefusedFile
from im import jobs, selectors, services
from im.models import Attachment, Conversation, Message
from tests.im import world
from tests.im.uploading import GIF_SCRIPT, PDF, PDF_PAGE, encoded, flood, upload

pytestmark = pytest.mark.django_db
Send = Callable[..., Message]


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def kept(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


@pytest.fixture
def send(talk: Conversation) -> Send:
    count = iter(range(100_000))

    def one(by: User, content: bytes = PDF, name: str = "报价.pdf", **more: object) -> Message:
        values = {"conversation_id": talk.pk, "client_id": f"file-{next(count):06}", **more}
        return services.send_file(file=upload(content, name), name=name, by=by, **values)

    return one


def test_a_file_is_a_message(talk: Conversation, zhou: User, send: Send, store: Path) -> None:
    message = send(zhou)
    assert (message.seq, message.body, message.sender) == (1, "", zhou)
    file = message.attachment
    assert file
    assert (file.kind, file.name, file.content_type) == ("file", "报价.pdf", "application/pdf")
    assert (file.size, file.owner) == (len(PDF), zhou)
    assert [path.read_bytes() for path in kept(store)] == [PDF]
    assert "报价" not in file.file.name
    talk.refresh_from_db()
    assert talk.last_seq == 1
    assert talk.participants.get(user=zhou).read_seq == 1


def test_a_picture_is_written_anew(zhou: User, send: Send, store: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "SECRETCAMERA"
    taken = encoded((4000, 3000), exif=exif.tobytes(), comment=b"SECRETCOMMENT")
    file = send(zhou, taken + b"<script>SECRET</script>", "IMG_1.html.jpg").attachment
    assert file
    assert (file.kind, file.content_type) == ("picture", "image/webp")
    assert (file.width, file.height) == (1920, 2560)
    assert len(kept(store)) == 2
    for path in kept(store):
        assert b"SECRET" not in path.read_bytes()
        assert Image.open(path).format == "WEBP"
    with file.preview.open() as small:
        assert Image.open(small).size == (360, 480)
    assert file.size == file.file.size


def test_small_and_animated_pictures(zhou: User, send: Send) -> None:
    file = send(zhou, encoded((30, 20), "GIF")).attachment
    assert file
    assert (file.width, file.height) == (30, 20)


REFUSED = {
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", RefusedFile),
    "html": (b"<!doctype html><p>x", "a.pdf", RefusedFile),
    "program": (b"MZ\x90\x00" + b"\x00" * 200, "照片.jpg", RefusedFile),
    "empty": (b"", "a.pdf", RefusedFile),
    "flood": (flood(), "a.png", InvalidPicture),
    "broken": (encoded()[:2000], "a.jpg", InvalidPicture),
    "gif and script": (GIF_SCRIPT, "a.gif", InvalidPicture),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_leaves_nothing(case: str, zhou: User, send: Send, store: Path) -> None:
    content, name, kind = REFUSED[case]
    with pytest.raises(kind):
        send(zhou, content, name)
    assert not kept(store)
    assert not Attachment.objects.exists()
    assert not Message.objects.exists()


def test_the_same_upload_twice_is_one_message(zhou: User, send: Send, store: Path) -> None:
    first = send(zhou, client_id="client-abcdef")
    assert send(zhou, client_id="client-abcdef") == first
    assert len(kept(store)) == 1


def test_a_used_name_of_other_words_is_a_conflict(
    talk: Conversation, zhou: User, lin: User, send: Send, store: Path
) -> None:
    services.send(conversation_id=talk.pk, body="x", client_id="client-abcdef", by=zhou)
    with pytest.raises(Conflict):
        send(zhou, client_id="client-abcdef")
    send(zhou, client_id="client-ghijkl")
    with pytest.raises(Conflict):
        send(lin, client_id="client-ghijkl")
    with pytest.raises(Conflict):
        services.send(conversation_id=talk.pk, body="x", client_id="client-ghijkl", by=zhou)
    assert len(kept(store)) == 1


def test_rights_are_those_of_words(
    zhou: User, lin: User, stranger: User, send: Send, store: Path
) -> None:
    with pytest.raises(Hidden):
        send(stranger)
    world.World.sees.clear()
    for by in (zhou, lin):
        with pytest.raises(Denied):
            send(by)
    with pytest.raises(Invalid):
        send(zhou, client_id="?")
    assert not kept(store)


def test_words_and_files_share_the_limit_of_a_minute(
    talk: Conversation, zhou: User, say: Send, send: Send, store: Path
) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(services.RATE_LIMIT - 1):
            say(zhou)
        send(zhou)
        with pytest.raises(Throttled):
            send(zhou)
    assert len(kept(store)) == 1


def test_sizes_and_quota(
    zhou: User, lin: User, send: Send, store: Path, settings: Settings
) -> None:
    big = PDF.ljust(1500, b" ")
    limits = {"size": 2000, "quota": 4000, "count": 3}
    settings.IM_FILES = {"staff": limits, "external": limits | {"size": 1000}}
    with pytest.raises(RefusedFile):
        send(lin, big)
    with pytest.raises(RefusedFile):
        send(zhou, big * 2)
    send(zhou, big)
    send(zhou, big)
    with pytest.raises(Invalid) as full:
        send(zhou, big)
    assert full.value.code == "quota"
    assert "2.9" in str(full.value)
    send(zhou, PDF)
    with pytest.raises(Invalid):
        send(zhou, PDF)
    send(lin, PDF)  # each has his own room
    assert len(kept(store)) == 4


def test_a_recalled_file_is_gone(
    talk: Conversation, zhou: User, lin: User, send: Send, store: Path
) -> None:
    message = send(zhou, encoded(), "a.jpg")
    ask = {"conversation_id": talk.pk, "seq": message.seq}
    assert selectors.attachment(**ask, user=lin) == message.attachment
    services.recall(**ask, by=zhou)
    for reader in (zhou, lin):
        with pytest.raises(Hidden):
            selectors.attachment(**ask, user=reader)
    entry = OutboxEntry.objects.get(task="im.delete_attachment")
    assert jobs.delete_attachment(**entry.arguments) is True
    assert jobs.delete_attachment(**entry.arguments) is False
    assert not kept(store)
    assert not Attachment.objects.exists()


def test_a_file_that_another_message_carries_stays(zhou: User, send: Send, store: Path) -> None:
    message = send(zhou)
    assert message.attachment_id
    assert jobs.delete_attachment(attachment_id=message.attachment_id) is False
    assert len(kept(store)) == 1


def test_the_sweep_takes_what_nobody_carries(zhou: User, send: Send, store: Path) -> None:
    now = timezone.now()
    carried, bare = send(zhou, encoded(), "a.jpg"), send(zhou)
    Message.objects.filter(pk=bare.pk).update(attachment=None)
    lost = Path(default_storage.path(default_storage.save("messages/2026/11/x", ContentFile(b"x"))))
    elsewhere = default_storage.save("avatars/x.webp", ContentFile(b"x"))
    assert jobs.sweep() == 0  # perhaps still on their way
    Attachment.objects.update(created_at=now - 2 * jobs.SENDING)
    for path in kept(store):
        os.utime(path, (0, 0))
    assert jobs.sweep() == 2
    assert not lost.exists()
    assert default_storage.exists(elsewhere)
    assert Attachment.objects.get() == carried.attachment
    assert len(kept(store)) == 3


def test_a_page_behind_a_pdf_is_kept_as_it_is(zhou: User, send: Send) -> None:
    file = send(zhou, PDF_PAGE, "a.html.pdf").attachment
    assert file
    assert (file.kind, file.name) == ("file", "a.html.pdf")


def test_when_the_row_fails_the_file_goes(
    zhou: User, send: Send, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise UserError("stop")

    monkeypatch.setattr("im.services.messages.append", broken)
    with pytest.raises(UserError):
        send(zhou)
    assert not kept(store)


@pytest.mark.django_db(transaction=True)
def test_at_once_one_client_id_is_one_file_and_nobody_exceeds_the_quota(
    talk: Conversation, zhou: User, store: Path, settings: Settings
) -> None:
    limits = {"size": 2000, "quota": 4000, "count": 100}
    settings.IM_FILES = {"staff": limits, "external": limits}

    def one(number: int) -> str:
        try:
            services.send_file(
                conversation_id=talk.pk, file=upload(PDF.ljust(1000, b" ")), name="a.pdf",
                client_id=f"client-{number // 2:04}", by=zhou,
            )  # fmt: skip
        except Invalid as refused:
            return refused.code
        finally:
            connections.close_all()
        return "sent"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(12)))
    assert answers.count("sent") == 8
    assert answers.count("quota") == 4
    assert Message.objects.count() == Attachment.objects.count() == len(kept(store)) == 4


def test_reading_needs_no_more_queries_for_files(
    talk: Conversation,
    zhou: User,
    send: Send,
    say: Send,
    django_assert_num_queries: Callable[..., object],
) -> None:
    say(zhou)
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert len(selectors.page(thread=thread).messages) == 1
    for _ in range(5):
        send(zhou)
    thread = selectors.thread(conversation_id=talk.pk, user=zhou)
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        names = [
            message.attachment and message.attachment.name
            for message in selectors.page(thread=thread).messages
        ]
    assert names == [None] + ["报价.pdf"] * 5
