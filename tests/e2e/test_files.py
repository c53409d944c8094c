"""Pictures and files of messages in a browser: sending, looking, hostile ones; every page checked by axe."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.models import User
from im import services
from im.models import Attachment, Conversation, Message
from im.reach import Card, Party
from tests.e2e.helpers import Open, check_everywhere, watch
from tests.im import uploading, world
from tests.im.conftest import IDENTITY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.e2e]
DROP = """async ({files, type}) => {
  const data = new DataTransfer();
  for (const [name, kind, text] of files) {
    const bytes = Uint8Array.from(atob(text), char => char.charCodeAt(0));
    data.items.add(new File([bytes], name, {type: kind}));
  }
  const target = document.querySelector(type === 'paste' ? '#body' : '#lines');
  const event = type === 'paste' ? new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})
    : new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true});
  target.dispatchEvent(event);
}"""


@pytest.fixture
def talk(settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Conversation:
    """A conversation of zhou (staff) and lin (external), on a server that keeps files apart."""
    settings.MEDIA_ROOT, settings.IM_REACH_POLICY = tmp_path / "kept", world.PATH
    settings.ROOT_URLCONF, settings.NAV_PROVIDERS = "tests.im.urls", ("im.nav.items",)
    world.World.clear()
    request.getfixturevalue("live_server")
    zhou = world.staff("zhou", "周明宇")
    party = Party(world.external("lin", name="林晓彤", identity=IDENTITY).pk, IDENTITY)
    world.World.cards[party] = Card("林晓彤", "恒拓精密 · 采购部", external=True)
    world.sees(Party(zhou.pk), party, both=True)
    return services.open_direct(by=zhou, other=party)


def person(name: str) -> User:
    return User.objects.get(username=name)


def put(talk: Conversation, content: bytes, name: str, by: str = "lin") -> Message:
    """A file that was sent before."""
    client_id = f"client-{Message.objects.count():06}"
    return services.send_file(
        conversation_id=talk.pk, file=uploading.upload(content), name=name, client_id=client_id, by=person(by)
    )  # fmt: skip


def bring(page: Page, kind: str, *files: tuple[str, str, bytes]) -> None:
    """Drops or pastes files."""
    encoded = [[name, mime, base64.b64encode(content).decode()] for name, mime, content in files]
    page.evaluate(DROP, {"files": encoded, "type": kind})


def test_sending(talk: Conversation, open_as: Open) -> None:
    put(talk, uploading.encoded((1600, 1000), "PNG"), "法兰端面检测照片.png")
    put(talk, uploading.PDF * 40_000, "2027 框架采购协议（示例）.pdf")
    services.send(
        conversation_id=talk.pk, body="麻烦核对", client_id="client-words", by=person("lin")
    )
    page = open_as(person("zhou"), f"/messages/{talk.pk}/")
    log = page.get_by_role("log")
    picture = log.locator(".pic img")
    expect(picture).to_have_js_property("naturalWidth", 480)
    assert picture.bounding_box()["height"] == 150  # type: ignore[index]
    check_everywhere(page, "files-thread")

    page.locator("[data-attach]").last.set_input_files(
        [
            {"name": "报价 v3.xlsx", "mimeType": "x/y", "buffer": b"PK\x03\x04" + b"x" * 3000},
            {"name": "空的.txt", "mimeType": "text/plain", "buffer": b""},
            {"name": "病毒.exe", "mimeType": "image/png", "buffer": b"MZ" + b"\x00" * 2000},
            {
                "name": "照片.jpg",
                "mimeType": "image/jpeg",
                "buffer": uploading.encoded((900, 1200)),
            },
        ]
    )
    mine = log.locator(".msg.mine")
    expect(mine).to_have_count(2)
    expect(mine.first.locator(".file b")).to_have_text("报价 v3.xlsx")
    expect(mine.last.locator("img")).to_have_attribute("height", "320")
    failed = page.locator(".upload")
    expect(failed).to_have_count(2)
    expect(failed.first).to_contain_text("文件是空的")
    expect(failed.last).to_contain_text("不能发送程序")
    check_everywhere(page, "files-refused")
    for _ in range(2):
        failed.first.get_by_role("button", name="取消").click()
    expect(page.locator("#uploads")).to_be_hidden()
    expect(page.locator(".conv-l")).to_have_text("[图片]")


def test_dropped_and_pasted_files_wait_for_a_word(talk: Conversation, open_as: Open) -> None:
    page = open_as(person("zhou"), f"/messages/{talk.pk}/")
    bring(page, "dragover", ("a.pdf", "application/pdf", b"x"))
    expect(page.locator("#drop-hint")).to_be_visible()
    bring(
        page, "drop", ("合同.pdf", "application/pdf", uploading.PDF), ("b.txt", "text/plain", b"b")
    )
    expect(page.locator("#drop-hint")).to_be_hidden()
    bring(page, "paste", ("image.png", "image/png", uploading.encoded((40, 40), "PNG")))
    rows = page.locator(".upload")
    expect(rows).to_have_count(3)
    expect(rows.last.locator("img")).to_have_js_property("naturalWidth", 40)
    check_everywhere(page, "files-waiting", themes=("light",))
    assert not Message.objects.exists()
    rows.nth(1).get_by_role("button", name="取消").click()
    page.locator("#uploads").get_by_role("button", name="发送文件").click()
    expect(page.locator(".msg.mine")).to_have_count(2)
    assert list(Attachment.objects.order_by("pk").values_list("name", flat=True)) == [
        "合同.pdf",
        "image.png",
    ]

    # A lost connection: tried again under the same name, it is sent once.
    page.context.set_offline(True)
    bring(page, "drop", ("again.pdf", "application/pdf", uploading.PDF))
    page.locator("#uploads").get_by_role("button", name="发送文件").click()
    expect(rows).to_contain_text("无法连接服务器")
    page.context.set_offline(False)
    rows.get_by_role("button", name="重试").click()
    expect(page.locator(".msg.mine")).to_have_count(3)

    # Cancelled on its way: nothing arrives.
    page.route("**/attach/", lambda route: None)
    bring(page, "drop", ("stop.pdf", "application/pdf", uploading.PDF))
    page.locator("#uploads").get_by_role("button", name="发送文件").click()
    expect(rows.locator("progress")).to_be_visible()
    rows.get_by_role("button", name="取消").click()
    expect(rows).to_have_count(0)
    assert Message.objects.count() == 3


def test_pictures_are_looked_at(talk: Conversation, open_as: Open) -> None:
    for name in ("一.png", "二.png"):
        put(talk, uploading.encoded((1600, 1000), "PNG"), name)
    page = open_as(person("zhou"), f"/messages/{talk.pk}/")
    links = page.locator("[data-viewer]")
    links.first.focus()
    page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog", name="图片：一.png")
    expect(viewer).to_be_visible()
    expect(viewer.locator(".viewer-b img")).to_have_js_property("naturalWidth", 1600)
    expect(viewer.get_by_role("button", name="上一张")).to_be_disabled()
    check_everywhere(page, "files-viewer")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name="图片：二.png")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("dialog").get_by_role("link", name="下载").click()
    assert download.value.suggested_filename == "二.webp"
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    expect(links.last).to_be_focused()


HOSTILE = {
    "页面.pdf": uploading.PDF_PAGE,
    "invoice.xml": b"<?xml version='1.0'?><r>document.title='ran'</r>",
    "script.txt": b"document.title='ran'//" + uploading.ALERT,
    "宏.docm": b"PK\x03\x04 vbaProject.bin " + uploading.ALERT,
}


def test_nothing_that_was_sent_runs(talk: Conversation, open_as: Open) -> None:
    """Each file as its own address, in a frame, as a script, and as a picture."""
    for name, content in HOSTILE.items():
        put(talk, content, name)
    put(talk, uploading.encoded((300, 200)) + uploading.ALERT, "照片.html.jpg")
    page = open_as(person("zhou"), f"/messages/{talk.pk}/")
    base = page.url.removesuffix(f"/messages/{talk.pk}/")
    for seq, name in enumerate(HOSTILE, start=1):
        url = f"{base}/messages/{talk.pk}/file/{seq}/"
        with page.expect_download() as download:
            page.evaluate("url => { location.href = url }", url)
        assert download.value.suggested_filename == name
        assert page.url == f"{base}/messages/{talk.pk}/"
        answer = page.request.get(url)
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "html" not in answer.headers["content-type"]
        ran = page.evaluate(
            """url => new Promise(done => { const script = document.createElement('script'); script.src = url;
            script.onload = () => done(true); script.onerror = () => done(false); document.head.append(script); })""",
            url,
        )
        assert ran is False
    assert "ran" not in page.title()
    other = page.context.new_page()
    watch(other)
    other.goto(f"{base}/messages/{talk.pk}/file/{len(HOSTILE) + 1}/")
    expect(other.locator("img")).to_have_js_property("naturalWidth", 300)
    assert other.evaluate("document.contentType") == "image/webp"
    assert "ran" not in other.title()


REFUSED = {
    "图标.png": b"<svg xmlns='http://www.w3.org/2000/svg' onload=\"document.title='ran'\"/>",
    "说明.pdf": b"<!doctype html>" + uploading.ALERT,
    "照片.jpg": b"MZ\x90\x00" + b"\x00" * 200,
    "动图.gif": uploading.GIF_SCRIPT,
    "全景.png": uploading.flood(),
}


def test_hostile_files_are_refused_with_a_sentence_and_hostile_names_are_made_plain(
    talk: Conversation, open_as: Open
) -> None:
    page = open_as(person("zhou"), f"/messages/{talk.pk}/")
    names = ["x" * 10_000 + ".pdf", "../../etc/passwd.pdf"]
    files = [(name, "image/png", content) for name, content in REFUSED.items()]
    bring(page, "drop", *files, *((name, "a/b", uploading.PDF) for name in names))
    page.locator("#uploads").get_by_role("button", name="发送文件").click()
    expect(page.locator(".msg.mine")).to_have_count(len(names), timeout=15_000)
    failed = page.locator(".upload.bad")
    expect(failed).to_have_count(len(REFUSED))
    sentences = ["不能发送程序", "不能发送程序", "不能发送程序", "图片", "像素"]
    for row, sentence in zip(failed.all(), sentences, strict=True):
        expect(row.locator("small")).to_contain_text(sentence)
    assert Attachment.objects.count() == len(names)
    for kept in Attachment.objects.values_list("name", flat=True):
        assert kept.endswith(".pdf")
        assert len(kept) <= 200
        assert "/" not in kept
    check_everywhere(page, "files-hostile", themes=("light",))
    assert "ran" not in page.title()


def test_forwarding_and_searching(talk: Conversation, open_as: Open) -> None:
    zhou, han = person("zhou"), world.staff("han", "韩雪")
    world.sees(Party(zhou.pk), Party(han.pk))
    put(talk, uploading.PDF, "2027 框架采购协议（示例）.pdf")
    Message.objects.bulk_create(
        Message(
            conversation=talk, seq=seq, sender=(zhou, person("lin"))[seq % 2], client_id=f"c{seq}",
            body=f"第 {seq} 句，付款期限另议" * (1 + seq % 3), words=f"第 {seq} 句,付款期限另议",
        )
        for seq in range(2, 91)
    )  # fmt: skip
    Conversation.objects.update(last_seq=90)
    page = open_as(zhou, f"/messages/{talk.pk}/")
    page.get_by_role("link", name="在会话中搜索").click()
    field = page.locator("#search")
    field.press_sequentially("框架協議")
    expect(page.locator("#hits")).to_contain_text("没有找到")
    field.fill("框架采购")
    expect(page.locator("#hits li")).to_have_count(1)
    expect(page.locator("#hits mark")).to_have_text("框架采购")
    field.fill("付款")
    expect(page.locator("#hits li")).to_have_count(20)
    check_everywhere(page, "messages-search")
    page.locator("#hits .pane-f").scroll_into_view_if_needed()
    expect(page.locator("#hits li")).to_have_count(40)
    field.fill("第 9 句")
    expect(page.locator("#hits li").last).to_contain_text("第 9 句")
    page.locator("#hits a").last.click()
    expect(page.locator("#msg-9")).to_be_in_viewport()
    expect(page.locator("#msg-90")).to_have_count(0)
    assert page.evaluate("document.querySelector('.split').getBoundingClientRect().top") == 48
    page.evaluate("document.querySelector('#convs').dispatchEvent(new Event('refetch'))")
    services.send(conversation_id=talk.pk, body="新的", client_id="client-new", by=person("lin"))
    expect(page.locator("#convs")).to_contain_text("新的", timeout=15_000)
    expect(page.locator("#msg-9")).to_be_in_viewport()  # however often the list is asked for again
    check_everywhere(page, "messages-found", themes=("light",))

    page.goto(page.url.partition("?")[0] + "?at=1")
    page.locator("#msg-1").hover()
    page.locator("#msg-1").get_by_role("link", name="转发").click()
    dialog = page.get_by_role("dialog", name="转发给")
    dialog.get_by_role("button", name="韩雪").click()
    expect(dialog.locator("[data-pick]", has_text="韩雪")).to_have_attribute("aria-pressed", "true")
    check_everywhere(page, "messages-forward")
    dialog.get_by_role("button", name="转发", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("已转发到 1 个会话")
    expect(page.locator("#convs")).to_contain_text("[文件] 2027 框架采购协议（示例）.pdf")
    assert Message.objects.exclude(conversation=talk).get().attachment == Attachment.objects.get()

    page.goto(page.url.partition("?")[0] + "files/")
    expect(page.locator(".files li")).to_have_count(1)
    check_everywhere(page, "messages-shared", themes=("light",))
