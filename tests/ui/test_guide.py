"""The style guide in a browser: axe, console, policy, widths, both languages, both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.helpers import check_everywhere, check_page, sideways, watch

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Open = Callable[[str], Page]
PAGES = ["", "book/?c=1", "book/", "portal/", "auth/", "messages/", "error/404/", "error/500/"]
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
    "worker-src 'self'",  # the worker of Web Push (ADR 15); the same as script-src would give it
}


def _name(path: str) -> str:
    return "guide-" + (path.strip("/").replace("/?c=1", "-card").replace("/", "-") or "index")


def _language(page: Page, code: str) -> None:
    page.context.add_cookies(
        [{"name": "wl-lang", "value": code, "domain": "localhost", "path": "/"}]
    )
    page.context.add_cookies(
        [{"name": "wl-lang", "value": code, "domain": "127.0.0.1", "path": "/"}]
    )


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_page_is_clean(guide: Open, page: Page, path: str, language: str) -> None:
    _language(page, language)
    guide(path)
    said = watch(page)
    said[:] = [line for line in said if "status of 500" not in line]
    assert page.evaluate("document.documentElement.lang") == ("en" if language == "en" else "zh-CN")
    themes = ("light", "dark") if language == "zh-hans" else ("light",)
    check_everywhere(page, f"{_name(path)}-{language}", themes=themes)
    page.set_viewport_size({"width": 320, "height": 700})
    assert sideways(page) == 0


@pytest.mark.parametrize("opener", ["form", "confirm", "picker", "once"])
@pytest.mark.parametrize("width", [1440, 390])
def test_dialog_is_clean(guide: Open, page: Page, opener: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    guide("error/404/")  # a short page: axe looks at what lies below as well
    page.evaluate("name => htmx.ajax('GET', `/styleguide/dialog/${name}/`, '#dialogs')", opener)
    page.wait_for_selector("#dialogs dialog[open]")
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)
        check_page(page, f"guide-dialog-{opener}-{width}-{theme}")


def test_auto_follows_the_system(guide: Open, page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    guide("book/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "auto"
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.evaluate(ground) == "rgb(16, 18, 21)"
    check_page(page, "guide-auto-dark")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert page.evaluate(ground) == "rgb(242, 244, 247)"


def test_policy_is_the_strict_one(guide: Open, page: Page) -> None:
    with page.expect_response("**/styleguide/") as answer:
        guide("")
    policy = answer.value.headers["content-security-policy"]
    assert {part.strip() for part in policy.split(";") if part.strip()} == POLICY


def test_touch_targets_are_large_on_phones(guide: Open, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    guide("book/?c=1")
    small = page.evaluate(
        "[...document.querySelectorAll('.btn:not(.btn-sm)')].filter(b => b.offsetParent && b.offsetHeight < 40).length"
    )
    assert small == 0
