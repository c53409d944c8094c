"""Files over HTTP: sending, fetching, and what a browser is told about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import FileResponse
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import Attachment, Conversation, Message, Participant
from tests.im import world
from tests.im.uploading import PDF, encoded, upload

pytestmark = pytest.mark.django_db
As = Callable[[User], Client]


@pytest.fixture(autouse=True)
def store(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT, settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "kept", str(tmp_path)
    return tmp_path


def left(store: Path) -> list[Path]:
    return [path for path in store.rglob("*") if path.is_file()]


@pytest.fixture
def send(talk: Conversation, zhou: User) -> Callable[..., Message]:
    def one(content: bytes = PDF, name: str = "2027 报价.pdf") -> Message:
        client_id = f"client-{Message.objects.count():06}"
        return services.send_file(
            conversation_id=talk.pk, file=upload(content), name=name, client_id=client_id, by=zhou
        )

    return one


def test_a_file_is_sent_and_fetched(
    talk: Conversation, zhou: User, lin: User, as_: As, htmx: dict[str, str]
) -> None:
    url = f"/messages/{talk.pk}/attach/"
    answer = as_(zhou).post(url, {"file": upload(), "client_id": "client-1234"})
    assert (answer.status_code, answer["Location"]) == (303, f"/messages/{talk.pk}/")
    values = {"file": upload(), "name": "真正的名字.pdf", "client_id": "client-5678"}
    assert as_(zhou).post(url, values, headers=htmx).status_code == 204
    assert list(Attachment.objects.order_by("pk").values_list("name", flat=True)) == [
        "报价.pdf",
        "真正的名字.pdf",
    ]
    for client, place in ((as_(zhou), "/messages/"), (as_(lin), "/portal/messages/")):
        found = client.get(f"{place}{talk.pk}/file/1/")
        assert isinstance(found, FileResponse)
        assert found.getvalue() == PDF


def test_what_a_browser_is_told_about_a_file(
    talk: Conversation, zhou: User, as_: As, send: Callable[..., Message]
) -> None:
    send(name='a";x=\r\n报价.pdf')
    send(b"plain words", "a.txt")
    for method in ("get", "head"):
        answer = getattr(as_(zhou), method)(f"/messages/{talk.pk}/file/1/")
        assert answer.status_code == 200
        assert answer["Content-Type"] == "application/pdf"
        assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''a_%3Bx")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"].startswith("default-src 'none';")
        assert answer["Content-Security-Policy"].endswith("; sandbox")
        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["Content-Length"] == str(len(PDF))
    assert as_(zhou).get(f"/messages/{talk.pk}/file/2/")["Content-Type"] == (
        "application/octet-stream"
    )
    assert as_(zhou).get(f"/messages/{talk.pk}/file/1/preview/").status_code == 404


def test_what_a_browser_is_told_about_a_picture(
    talk: Conversation, zhou: User, as_: As, send: Callable[..., Message]
) -> None:
    send(encoded((900, 600)), "照片.jpeg")
    for end in ("", "preview/"):
        answer = as_(zhou).get(f"/messages/{talk.pk}/file/1/{end}")
        assert answer["Content-Type"] == "image/webp"
        assert answer["Content-Disposition"].startswith("inline")
        assert "%E7%85%A7%E7%89%87.webp" in answer["Content-Disposition"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]


def test_threads_and_lists_show_files(
    talk: Conversation, zhou: User, lin: User, as_: As, send: Callable[..., Message]
) -> None:
    send(encoded((900, 600)), "照片.jpeg")
    send(name="<b>报价</b>.xlsx")
    html = as_(lin).get(f"/portal/messages/{talk.pk}/").content.decode()
    picture = f"/portal/messages/{talk.pk}/file/1/"
    assert f'src="{picture}preview/" width="240" height="160" alt="Picture: 照片.jpeg"' in html
    assert f'href="/portal/messages/{talk.pk}/file/2/" download' in html
    assert "&lt;" not in html
    assert "[File] b_.xlsx" in html  # what stood before the slash was a path
    services.recall(conversation_id=talk.pk, seq=2, by=zhou)
    html = as_(lin).get(f"/portal/messages/{talk.pk}/").content.decode()
    assert ".xlsx" not in html
    assert "file/2" not in html


def test_a_right_that_is_lost_closes_the_file_at_once(
    talk: Conversation, zhou: User, lin: User, stranger: User, as_: As, send: Callable[..., Message]
) -> None:
    send(encoded(), "a.jpg")
    url, client = f"/portal/messages/{talk.pk}/file/1/", as_(lin)
    assert client.get(url).status_code == client.get(f"{url}preview/").status_code == 200
    assert as_(stranger).get(f"/messages/{talk.pk}/file/1/").status_code == 404
    world.World.identities[lin.pk] = 999  # another identity of the same login
    assert client.get(url).status_code == client.get(f"{url}preview/").status_code == 404
    world.World.identities[lin.pk] = 501
    assert client.get(url).status_code == 200
    Participant.objects.filter(user=lin).update(from_seq=1)  # came into a group later
    assert client.get(url).status_code == 404
    Participant.objects.filter(user=lin).update(from_seq=0, left_at="2026-01-01T00:00Z")
    assert client.get(url).status_code == 404
    Participant.objects.filter(user=lin).update(left_at=None)
    services.recall(conversation_id=talk.pk, seq=1, by=zhou)
    for reader in (client, as_(zhou)):
        for end in ("", "preview/"):
            place = url if reader is client else f"/messages/{talk.pk}/file/1/"
            assert reader.get(place + end).status_code == 404


def test_a_file_that_the_disk_has_lost_is_missing(
    talk: Conversation, zhou: User, as_: As, send: Callable[..., Message], store: Path
) -> None:
    send()
    for path in left(store):
        path.unlink()
    assert as_(zhou).get(f"/messages/{talk.pk}/file/1/").status_code == 404


REFUSED = {
    "no file": ({}, "Choose a file"),
    "html": ({"file": upload(b"<html>")}, "Programs, scripts"),
    "empty": ({"file": upload(b"")}, "empty"),
    "no name for it": ({"file": upload(), "client_id": ""}, "out of date"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_sentences(
    case: str, talk: Conversation, zhou: User, as_: As, htmx: dict[str, str], store: Path
) -> None:
    data, words = REFUSED[case]
    values = {"client_id": "client-1234"} | data
    answer = as_(zhou).post(f"/messages/{talk.pk}/attach/", values, headers=htmx)
    assert answer.status_code == 422
    assert "data-refusal-text" in answer.content.decode()
    assert words in answer.content.decode()
    assert not left(store)


def test_what_is_too_large_is_stopped_before_the_disk_is_full(
    talk: Conversation, zhou: User, as_: As, htmx: dict[str, str], settings: Settings, store: Path
) -> None:
    limits = {"size": 3_000_000, "quota": 10**9, "count": 10}
    settings.IM_FILES = {"staff": limits, "external": limits}
    url, client = f"/messages/{talk.pk}/attach/", as_(zhou)
    for size in (3_010_000, 3_200_000):
        values = {"file": upload(PDF.ljust(size)), "client_id": "client-1234"}
        answer = client.post(url, values, headers=htmx)
        assert answer.status_code == 422
        assert "at most" in answer.content.decode()
    assert not left(store)
    values = {
        "file": upload(PDF.ljust(2_900_000)),
        "client_id": "client-1234",
    }  # by way of the disk
    assert client.post(url, values, headers=htmx).status_code == 204
    assert len(left(store)) == 1


@pytest.mark.parametrize(
    "name", ["x" * 10_000 + ".pdf", "../../a.pdf", "a\x00b.pdf", "\u202efdp.pdf"]
)
def test_hostile_names(name: str, talk: Conversation, zhou: User, as_: As) -> None:
    values = {"file": upload(), "name": name, "client_id": "client-1234"}
    answer = as_(zhou).post(f"/messages/{talk.pk}/attach/", values)
    assert answer.status_code == 303
    kept = Attachment.objects.get().name
    assert kept.endswith(".pdf")
    assert len(kept) <= 200
    assert not set(kept) & set("/\x00\u202e")


@pytest.mark.parametrize("name", ["x" * 10_000, 'a"; filename="b', "a\x00", "%00", "\u202e"])
def test_hostile_names_in_the_header_of_a_part(
    name: str, talk: Conversation, zhou: User, as_: As, store: Path
) -> None:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\nx\r\n'
    body = f"{part}--{BOUNDARY}--\r\n".encode()
    answer = as_(zhou).generic("POST", f"/messages/{talk.pk}/attach/", body, MULTIPART_CONTENT)
    assert answer.status_code in (400, 422)
    assert not left(store)


def test_a_broken_upload_is_no_fault(talk: Conversation, zhou: User, as_: As, store: Path) -> None:
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'
    for body in (part.encode(), b"", b"\x00", b"--" + BOUNDARY.encode()):
        answer = as_(zhou).generic("POST", f"/messages/{talk.pk}/attach/", body, MULTIPART_CONTENT)
        assert answer.status_code in (400, 422)
    assert not left(store)
