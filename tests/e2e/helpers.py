"""What every page test asks for: no accessibility violation, a silent console, no sideways scrolling.

    watch(page)                    # before the first goto; check_page also calls it
    check_page(page, "login")      # the page as it stands now
    check_everywhere(page, "login")  # 1440 and 390 pixels, light and dark

With SHOTS=<folder> each check leaves a picture there. axe runs in a world of its own through the debugging protocol,
so that the Content-Security-Policy of the page stays in force.
"""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, expect

from accounts.models import User

Open = Callable[[User, str], Page]
AXE = Path(__file__).resolve().parents[1] / "vendor" / "axe-core-4.14.1" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = {1440: 900, 390: 844, 320: 700}
THEMES = ("light", "dark")
COLOURS = ("color-contrast", "link-in-text-block")  # the rules that look at colours
# A dialog that opens fades in; what turns for ever is no reason to wait.
STILL = """() => document.getAnimations().every(
    one => one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)"""
# Answers that are part of the talk: form errors, somebody else was faster, pages that show a refusal.
EXPECTED = (
    "status of 401",
    "status of 403",
    "status of 404",
    "status of 409",
    "status of 410",
    "status of 422",
    "status of 429",
)

_heard: weakref.WeakKeyDictionary[Page, list[str]] = weakref.WeakKeyDictionary()


def watch(page: Page) -> list[str]:
    """Collects what the console of this page says from now on; the same list for every call."""
    if page in _heard:
        return _heard[page]
    said: list[str] = []
    _heard[page] = said

    def console(message: ConsoleMessage) -> None:
        text = message.text
        if message.type in {"error", "warning"} and not any(part in text for part in EXPECTED):
            said.append(f"{message.type}: {text}")

    page.on("console", console)
    page.on("pageerror", lambda error: said.append(f"exception: {error}"))
    page.emulate_media(reduced_motion="reduce")
    return said


def axe_violations(
    page: Page, *, without: Sequence[str] = (), only: Sequence[str] = ()
) -> list[str]:
    """One line for each element that breaks a rule, or one of the rules `only`; empty when all is well."""
    session = page.context.new_cdp_session(page)
    try:
        frame = session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        where = {"contextId": world["executionContextId"]}
        asked = session.send("Runtime.evaluate", {"expression": "typeof axe", **where})
        if (
            asked["result"]["value"] == "undefined"
        ):  # the world of a page that was checked before has it
            source = AXE.read_text(encoding="utf-8")
            session.send("Runtime.evaluate", {"expression": source, **where})
        off = {rule: {"enabled": False} for rule in without}
        run = {"type": "rule", "values": only} if only else {"type": "tag", "values": TAGS}
        options = {"runOnly": run, "rules": off, "resultTypes": ["violations"]}
        call = f"axe.run(document, {json.dumps(options)}).then(r => JSON.stringify(r.violations))"
        waiting = {"awaitPromise": True, "returnByValue": True}
        answer = session.send("Runtime.evaluate", {"expression": call, **waiting, **where})
        # axe measures through styles and leaves empty attributes behind; htmx would carry them into the next swap.
        left = "document.querySelectorAll('[style=\"\"]').forEach(e => e.removeAttribute('style'))"
        session.send("Runtime.evaluate", {"expression": left, **where})
    finally:
        session.detach()
    assert "value" in answer["result"], answer
    return list(_lines(json.loads(answer["result"]["value"])))


def _lines(violations: list[dict[str, Any]]) -> Iterator[str]:
    for violation in violations:
        for node in violation["nodes"]:
            checks = node["any"] or node["all"] or node["none"]
            why = checks[0]["message"] if checks else violation["help"]
            yield f"{violation['id']}: {node['html'][:200]} ({why})"


def sideways(page: Page) -> int:
    """How many pixels the page is wider than the window."""
    return int(
        page.evaluate("Math.max(0, document.documentElement.scrollWidth - window.innerWidth)")
    )


def shot(page: Page, name: str, *, full_page: bool = False) -> None:
    """Keeps a picture in the folder named by SHOTS, if there is one."""
    folder = os.environ.get("SHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=full_page)


def settled(page: Page) -> None:
    """Waits until the page is loaded and nothing of it is being fetched or replaced."""
    page.wait_for_load_state()
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def check_page(
    page: Page, name: str, *, without: Sequence[str] = (), only: Sequence[str] = ()
) -> None:
    """Asserts that the page as it stands breaks no rule of axe, said nothing, and fits the window.

    `only` COLOURS where the same page was just checked in another theme: a theme changes nothing but colours.
    """
    said = watch(page)
    settled(page)  # what is being replaced fades, and axe would measure that
    page.wait_for_function(STILL)
    shot(page, name)
    found = axe_violations(page, without=without, only=only)
    assert not found, f"{name}: axe finds\n" + "\n".join(found)
    assert not said, f"{name}: the console says\n" + "\n".join(said)
    wide = sideways(page)
    assert wide == 0, f"{name}: {wide} px wider than the window"


def set_theme(page: Page, theme: str) -> None:
    """Shows the page in this theme without asking the server."""
    page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme }", theme)


def check_everywhere(
    page: Page, name: str, *, widths: Sequence[int] = (1440, 390), themes: Sequence[str] = THEMES
) -> None:
    """`check_page` at each width in each theme; the page is left as it was."""
    watch(page)
    settled(page)
    before = page.viewport_size
    theme_before = page.evaluate("document.documentElement.dataset.bsTheme")
    for width in widths:
        page.set_viewport_size({"width": width, "height": SIZES.get(width, 800)})
        for theme in themes:
            set_theme(page, theme)
            only = COLOURS if theme != themes[0] else ()
            check_page(page, f"{name}-{width}-{theme}", only=only)
    set_theme(page, theme_before)
    if before:
        page.set_viewport_size(before)
