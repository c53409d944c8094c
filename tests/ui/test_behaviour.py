"""What static/app.js does: keys, dialogs, trees, choosers, selection, drafts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.helpers import settled, watch

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Open = Callable[[str], Page]
FOCUSED = "document.activeElement.textContent.trim()"


def _tree_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.querySelector('.t')?.textContent"))


def test_tree_keys(guide: Open, page: Page) -> None:
    guide("book/")
    page.focus("#tree [aria-current]")
    assert _tree_focus(page) == "采购部"
    page.keyboard.press("ArrowDown")
    assert _tree_focus(page) == "质量管理部"
    page.keyboard.press("ArrowLeft")
    assert "苏州恒拓" in _tree_focus(page)
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tn-1")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    assert _tree_focus(page) == "宁波海川电子（示例）"
    page.keyboard.press("Home")
    assert _tree_focus(page) == "战略供应商"
    page.keyboard.press("End")
    assert _tree_focus(page) == "渠道合作伙伴"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("zhi")
    assert _tree_focus(page) == "质量管理部"
    assert page.locator("#tree [tabindex='0']").count() == 1


def test_tree_children_come_once_on_opening(guide: Open, page: Page) -> None:
    guide("book/")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/tree/" in request.url else None
    )
    for _ in range(3):
        page.click("#tn-2 .tw")
    expect(page.locator("#tg-2 [role=treeitem]")).to_have_count(3)
    assert len(asked) == 1
    assert "/book/" in page.url, "the twisty does not navigate"


def test_dialog_takes_and_returns_the_focus(guide: Open, page: Page) -> None:
    guide("")
    page.focus("#open-form")
    page.keyboard.press("Enter")
    expect(page.locator("#dlg-form")).to_be_visible()
    assert page.evaluate("document.querySelector('#dlg-form').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(page.locator("#dialogs dialog")).to_have_count(0)
    assert page.evaluate("document.activeElement.id") == "open-form"


def test_dialog_shows_errors_and_closes_when_saved(guide: Open, page: Page) -> None:
    guide("")
    page.click("#open-form")
    page.click("#dlg-form button[type=submit]")
    page.wait_for_selector("#dlg-form [data-errors]")
    assert page.evaluate("document.activeElement.hasAttribute('data-errors')")
    page.fill("#dlg_name", "林晓彤")
    page.fill("#dlg_remark", "年度框架")
    expect(page.locator("#dlg_remark-n")).to_have_text("4/200")
    page.check("#dlg_gender_0")
    page.click("#dlg-form button[type=submit]")
    expect(page.locator("#dialogs dialog")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("已保存")
    assert page.evaluate("document.activeElement.id") == "open-form"
    assert not watch(page)


def test_secret_dialog_closes_only_after_the_tick(guide: Open, page: Page) -> None:
    guide("")
    page.click("#open-once")
    expect(page.locator("#dlg-once-done")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.locator("#dlg-once")).to_be_visible()
    page.check("#dlg-once [data-gate]")
    page.click("#dlg-once-done")
    expect(page.locator("#dialogs dialog")).to_have_count(0)


def test_picker_searches_chooses_and_removes(guide: Open, page: Page) -> None:
    guide("")
    page.click("#open-picker")
    chosen = page.locator("#dlg-picker [data-chosen] li")
    expect(chosen).to_have_count(1)
    settled(page)  # before that htmx hears nothing of what is typed
    page.fill("#dlg-picker [data-search]", "沈")
    expect(page.locator("#dlg-picker [data-pick]")).to_have_count(1)
    page.click("#dlg-picker [data-pick]")
    expect(chosen).to_have_count(2)
    expect(page.locator("#dlg-picker input[name=subject]")).to_have_count(2)
    expect(page.locator("#dlg-picker [data-chosen-n]")).to_have_text("2")
    page.click("#dlg-picker [data-unpick] >> nth=0")
    page.click("#dlg-picker [data-unpick] >> nth=0")
    expect(page.locator("#dlg-picker button[type=submit]")).to_be_disabled()


def test_search_key_and_rows(guide: Open, page: Page) -> None:
    guide("book/")
    page.click("h1")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("/")
    assert page.input_value("#search") == "/", "a slash can still be typed"
    page.keyboard.press("Escape")
    assert page.input_value("#search") == ""
    page.click("h1")
    page.keyboard.press("j")
    page.keyboard.press("j")
    first = page.evaluate(FOCUSED)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(FOCUSED) != first
    page.keyboard.press("k")
    assert page.evaluate(FOCUSED) == first
    page.keyboard.press("Enter")
    page.wait_for_url("**c=1**")


def test_nothing_is_sent_while_an_input_method_composes(guide: Open, page: Page) -> None:
    guide("")
    page.click("#open-picker")
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/people/" in request.url else None
    )
    page.focus("#dlg-picker [data-search]")
    session = page.context.new_cdp_session(page)
    session.send(
        "Input.imeSetComposition", {"text": "zhou", "selectionStart": 4, "selectionEnd": 4}
    )
    page.wait_for_timeout(500)
    assert not asked
    session.send("Input.insertText", {"text": "周"})
    page.wait_for_timeout(500)
    assert len(asked) == 1


def test_composer_sends_on_enter_but_not_while_composing(guide: Open, page: Page) -> None:
    guide("messages/")
    page.evaluate(
        "document.querySelector('[data-composer]').addEventListener('submit',"
        " e => { e.preventDefault(); window.sent = (window.sent || 0) + 1 })"
    )
    page.focus("#text")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "ni", "selectionStart": 2, "selectionEnd": 2})
    page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert page.evaluate("window.sent || 0") == 0
    session.send("Input.insertText", {"text": "你好"})
    page.keyboard.press("Shift+Enter")
    assert page.evaluate("window.sent || 0") == 0
    page.keyboard.press("Enter")
    assert page.evaluate("window.sent") == 1
    page.reload()
    assert "你好" in page.input_value("#text"), "the draft stays"


def test_bulk_selection(guide: Open, page: Page) -> None:
    guide("")
    boxes = page.locator("[data-check]")
    bar = page.locator("[data-bulkbar]")
    expect(bar).to_be_hidden()
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(bar.locator("[data-bulk-n]")).to_have_text("4")
    head = page.locator("[data-check-all]")
    assert head.evaluate("box => box.indeterminate")
    head.check()
    expect(bar.locator("[data-bulk-n]")).to_have_text("8")
    page.click("[data-act=bulk-clear]")
    expect(bar).to_be_hidden()


def test_menu_closes_by_escape_and_outside(guide: Open, page: Page) -> None:
    guide("book/")
    menu = page.locator("details.menu").first
    menu.locator("summary").click()
    expect(menu).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    assert not menu.evaluate("menu => menu.open")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    menu.locator("summary").click()
    page.click("h1")
    assert not menu.evaluate("menu => menu.open")


def test_theme_is_shown_at_once_and_posted(guide: Open, page: Page) -> None:
    guide("book/")
    page.click("[data-theme-form] >> xpath=ancestor::details/summary")
    with page.expect_request(lambda request: request.method == "POST") as posted:
        page.click("button[name=theme][value=dark]")
    assert "dark" in (posted.value.post_data or "")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    menu = page.locator("details", has=page.locator("[data-theme-form]"))
    expect(menu).not_to_have_attribute("open", re.compile(""))
    expect(menu.locator("summary")).to_be_focused()
    expect(menu.locator("summary use")).to_have_attribute("href", re.compile("#moon$"))


def test_refusal_opens_the_reason_in_place(guide: Open, page: Page) -> None:
    guide("messages/")
    button = page.locator("[aria-controls=acard-1-x]").first
    expect(page.locator("#acard-1-x")).to_be_hidden()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("document.activeElement.id") == "acard-1-r"


def test_skip_link(guide: Open, page: Page) -> None:
    guide("book/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_refusal_is_said_in_the_dialog_that_was_sent(guide: Open, page: Page) -> None:
    guide("")
    page.click("#open-confirm")
    page.click("#dlg-confirm button[type=submit]")
    expect(page.locator("#dlg-confirm [role=alert]")).to_contain_text("已由 吴凯")
    page.click("#dlg-confirm button[type=submit]")
    expect(page.locator("#dlg-confirm [role=alert]")).to_have_count(1)
    assert not watch(page)


def test_toast_is_seen_over_a_dialog_and_survives_it(guide: Open, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    guide("")
    page.click("#open-once")
    page.click("#dlg-once [data-act=copy-all]")
    toast = page.locator(".toast-x")
    expect(toast).to_contain_text("已复制")
    assert toast.evaluate(
        "t => t.contains(document.elementFromPoint(...['x', 'y'].map((k, i) => t.getBoundingClientRect()[k] + 20)))"
    )
    assert "ht-w7k3m9" in page.evaluate("navigator.clipboard.readText()")
    page.check("#dlg-once [data-gate]")
    page.click("#dlg-once-done")
    expect(page.locator("body > #toasts")).to_have_count(1)


POLLED = """
const part = document.createElement('p');
part.id = 'polled';
part.dataset.poll = '1';
part.setAttribute('hx-get', '/styleguide/people/');
part.setAttribute('hx-trigger', 'refetch');
document.querySelector('main').prepend(part);
htmx.process(part);
"""


def test_polling_while_looked_at_and_a_word_when_it_fails(guide: Open, page: Page) -> None:
    guide("book/")
    page.evaluate(POLLED)
    expect(page.locator("#polled")).to_contain_text("周明宇", timeout=5000)
    expect(page.locator("#stale")).to_be_hidden()
    page.route("**/people/**", lambda route: route.abort())
    expect(page.locator("#stale")).to_be_visible(timeout=8000)
    page.unroute("**/people/**")
    expect(page.locator("#stale")).to_be_hidden(timeout=5000)


def test_unread_count_stands_in_the_title(guide: Open, page: Page) -> None:
    assert guide("book/").title().startswith("(3) ")


def test_a_session_that_ended_leads_to_the_log_in(guide: Open, page: Page) -> None:
    guide("")
    page.route("**/dialog/form/", lambda route: route.fulfill(status=401))
    page.route("**/login/**", lambda route: route.fulfill(status=200, body="log in"))
    page.click("#open-form")
    page.wait_for_url("**/login/?next=%2Fstyleguide%2F")


def test_a_missing_answer_is_a_toast(guide: Open, page: Page) -> None:
    guide("")
    page.route("**/dialog/form/", lambda route: route.fulfill(status=404))
    page.click("#open-form")
    expect(page.locator(".toast-x.bad")).to_contain_text("已不存在")


def test_nothing_stays_busy_when_who_asked_is_gone_by_the_answer(guide: Open, page: Page) -> None:
    """A list that is replaced takes the link along that was just pressed in it."""
    guide("")
    asked: list[Route] = []
    page.route("**/asked/", lambda route: asked.append(route))  # playwright marks what it is given
    with page.expect_request("**/asked/"):
        page.evaluate("""() => {
            const link = document.querySelector('main').appendChild(document.createElement('a'));
            link.setAttribute('hx-get', '/asked/'); link.setAttribute('hx-target', '#dialogs');
            htmx.process(link); link.click(); }""")
    expect(page.locator("html.loading #dialogs[aria-busy=true]")).to_have_count(1)
    page.locator("main > a[hx-get='/asked/']").evaluate("link => { link.remove() }")
    asked[0].fulfill(
        body="<dialog><p>da</p></dialog>",
        content_type="text/html",
        headers={"HX-Trigger": '{"toast": "saved"}'},
    )
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    expect(page.locator("html.loading")).to_have_count(0)
    expect(page.locator(".toast-x")).to_have_text("saved")


PARTS = """() => {
    for (const name of ['mine', 'other']) {
        const part = document.createElement('div');
        part.innerHTML = `<div id="${name}" hx-get="/${name}/" hx-trigger="refetch" hx-swap="outerHTML settle:300ms">
            <h2>${name}</h2><button>press</button></div>`;
        document.querySelector('main').append(part);
        htmx.process(part);
    }
    document.querySelector('#mine button').focus();
    for (const name of ['mine', 'other']) document.getElementById(name).dispatchEvent(new Event('refetch'));
}"""


def test_who_stood_in_a_part_stays_in_it_while_another_is_replaced_too(
    guide: Open, page: Page
) -> None:
    guide("")

    def replace(route: Route) -> None:
        name = route.request.url.rstrip("/").rpartition("/")[2]
        came = f'<div id="{name}" data-came><h2>{name}</h2></div>'
        route.fulfill(body=came, content_type="text/html")

    page.route(re.compile("/(mine|other)/$"), replace)
    page.evaluate(PARTS)
    expect(page.locator("[data-came]")).to_have_count(2)
    expect(page.locator("#mine :focus")).to_have_text("mine")


SENT = """() => {
    const part = document.createElement('div');
    part.innerHTML = `<div id="asks" hx-get="/asked/" hx-trigger="refetch" hx-swap="outerHTML">
        <form hx-post="/sent/" hx-swap="none" hx-disabled-elt="find button"><button>send</button></form></div>`;
    document.querySelector('main').append(part);
    htmx.process(part);
    document.getElementById('asks').dispatchEvent(new Event('refetch'));
}"""


def test_a_button_has_the_focus_back_though_its_part_was_asked_for_meanwhile(
    guide: Open, page: Page
) -> None:
    guide("")
    held: dict[str, Route] = {}
    page.route(
        re.compile("/(asked|sent)/$"),
        lambda route: held.update({route.request.url.split("/")[-2]: route}),
    )
    with page.expect_request("**/asked/"):
        page.evaluate(SENT)
    button = page.get_by_role("button", name="send")
    with page.expect_request("**/sent/"):
        button.click()
    expect(page.locator("#asks button:focus")).to_have_count(0)
    for name in ("asked", "sent"):
        with page.expect_response(f"**/{name}/"):
            held[name].fulfill(status=204)
    expect(button).to_be_enabled()
    expect(button).to_be_focused()


def test_what_was_sent_is_answered_where_its_part_was_replaced(guide: Open, page: Page) -> None:
    guide("")
    held: list[Route] = []
    page.route("**/sent/", lambda route: held.append(route))
    page.evaluate(SENT.replace('hx-swap="none"', 'hx-target="#asks" hx-swap="outerHTML"'))
    with page.expect_request("**/sent/"):
        page.get_by_role("button", name="send").click()
    page.evaluate("document.getElementById('asks').outerHTML = '<p id=asks>newer</p>'")
    held[0].fulfill(status=409, body="<p id=asks>told</p>", content_type="text/html")
    expect(page.locator("#asks")).to_have_text("told")


def test_bulk_is_a_mode_of_its_own_on_phones(guide: Open, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    guide("")
    expect(page.locator("[data-check]").first).to_be_hidden()
    page.click("[data-act=batch]")
    page.locator("[data-check]").first.check()
    expect(page.locator("[data-bulkbar]")).to_be_visible()
