"""The people of the story and the steps they take; tests/e2e/test_story.py tells it."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.conftest import Site
from tests.e2e.helpers import COLOURS, check_page, set_theme, settled, shot, watch

HEIGHTS = {1440: 900, 390: 844}
NAMES = {
    1440: {
        "organization": "苏州明远机电（示例）", "direct": "顾明远", "later": "沈静怡",
        "applied": "陆文博", "refused": "范子墨",
        "direct_login": "gu.mingyuan", "later_login": "shen.jingyi", "initials": "gmy",
    },
    390: {
        "organization": "宁波云帆物流（示例）", "direct": "方晓岚", "later": "邵嘉禾",
        "applied": "俞佳宁", "refused": "施承宇",
        "direct_login": "fang.xiaolan", "later_login": "shao.jiahe", "initials": "fxl",
    },
}  # fmt: skip
FIRST = "first password of her own 1"
OWN = "a password only she knows 2"


@dataclass
class Actor:
    """One person in a browser of his own."""

    page: Page
    name: str
    width: int

    def look(self, name: str) -> None:
        """The page as it stands, light and dark: axe, console, width; a picture for the README."""
        settled(self.page)
        suffix = "" if self.width == 1440 else f"-{self.width}"
        shot(self.page, f"{name}{suffix}")
        theme = self.page.evaluate("document.documentElement.dataset.bsTheme")
        for shade, only in (("dark", ()), ("light", COLOURS)):
            set_theme(self.page, shade)
            check_page(self.page, f"{name}{suffix}-{shade}", only=only)
        set_theme(self.page, theme)

    def go(self, path: str) -> None:
        self.page.goto(path)
        settled(self.page)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def link(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("link", name=name)

    def dialog(self) -> Locator:
        return self.page.locator("dialog[open]")


class Cast:
    """Opens a browser for everybody who comes into the story."""

    def __init__(self, browser: Browser, site: Site, width: int) -> None:
        self.browser, self.site, self.width = browser, site, width
        # On a site that has heard the story before, everybody has a number behind his name.
        self.mark = str(int(time.time()) % 10_000) if os.environ.get("SITE") else ""
        self.contexts: list[BrowserContext] = []

    def leave(self) -> None:
        """Closes every browser: pages that stay open go on asking."""
        for context in self.contexts:
            context.close()

    def named(self, role: str) -> str:
        """The name of one of the people or of the organization, another at each width."""
        return NAMES[self.width][role] + self.mark

    def enter(self, login: str, password: str, *, lands: str = "") -> Actor:
        """A fresh browser in which this person logs in; `lands` is part of the address that follows."""
        context = self.browser.new_context(
            viewport={"width": self.width, "height": HEIGHTS[self.width]},
            base_url=self.site.url,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            has_touch=self.width < 768,
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch(page)
        page.goto("/login/")
        page.fill("[name=username]", login)
        page.fill("[name=password]", password)
        page.get_by_role("button", name="登录", exact=True).click()
        page.wait_for_url(re.compile(re.escape(lands) if lands else r"^(?!.*/login/)"))
        return Actor(page, login, self.width)

    def demo(self, role: str) -> Actor:
        """One of the demo log-ins, by its English role."""
        row = self.site.logins[role]
        return self.enter(row["login"], row["password"])


def create_organization(actor: Actor, dimension: str, name: str) -> str:
    """A new organization under the dimension; returns its address."""
    actor.go(dimension)
    actor.page.locator("main a[href$='/new/organization/']:visible").first.click()
    form = actor.dialog()
    form.locator("[name=name]").fill(name)
    form.get_by_role("button", name="新建").click()
    expect(
        actor.page.get_by_role("heading", name=re.compile(re.escape(name)), level=1)
    ).to_be_visible()
    return actor.page.url


def create_department(actor: Actor, organization: str, name: str) -> str:
    """A new department under the organization; returns its address."""
    actor.go(organization)
    actor.page.locator("main details > summary").last.click()
    actor.page.locator("main a[href$='/new/department/']:visible").first.click()
    form = actor.dialog()
    form.locator("[name=name]").fill(name)
    form.get_by_role("button", name="新建").click()
    expect(
        actor.page.get_by_role("heading", name=re.compile(re.escape(name)), level=1)
    ).to_be_visible()
    return actor.page.url


def upload(actor: Actor, dimension: str, file: Path, people: int, seconds: int) -> None:
    """Imports the file into the dimension: checked first, then confirmed, then watched until it is done."""
    actor.go(f"/console/imports/new/?dimension={dimension.rstrip('/').rsplit('/', 1)[1]}")
    actor.page.locator("input[type=file]").set_input_files(str(file))
    actor.page.locator("main form button[type=submit]").first.click()
    confirm = actor.button(re.compile("^确认导入"))
    expect(confirm).to_be_visible(timeout=seconds * 1000)
    actor.look("03-import-checked")
    confirm.click()
    main = actor.page.locator("main")
    expect(main).to_contain_text("导入已完成", timeout=seconds * 1000)
    numbers = re.search(
        r"已新增 ([\d,]+) 人、更新 ([\d,]+) 人、加入组织 ([\d,]+) 人", main.inner_text()
    )
    assert numbers, main.inner_text()
    assert sum(int(part.replace(",", "")) for part in numbers.groups()) <= people
    actor.look("04-import-done")


def first_login(cast: Cast, login: str, password: str, own: str) -> Actor:
    """Sets a password of her own and accepts the privacy notice; ends in the portal."""
    guest = cast.enter(login, password, lands="/account/password/")
    page = guest.page
    guest.look("10-own-password")
    page.fill("[name=old]", password)
    page.fill("[name=new]", own)
    page.fill("[name=again]", own)
    guest.button("修改密码").click()
    page.wait_for_url(re.compile("/account/privacy/"))
    guest.look("11-privacy")
    guest.button("同意并继续").click()
    page.wait_for_url(re.compile("/portal/$"))
    return guest
