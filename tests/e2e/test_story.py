"""The story of the product, from a fresh site to an answer from outside (README). One test, two widths.

`make test` imports a file of 3,000 people on the way, DEEP=1 one of 30,000.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e import story
from tests.e2e.conftest import ROOT, Site
from tests.e2e.helpers import settled
from tests.e2e.story import FIRST, OWN, Actor, Cast

# (organizations, people) of the file that the maintainer imports.
SIZES = {1440: (3000, 30_000) if os.environ.get("DEEP") else (300, 3000), 390: (30, 300)}
SECONDS = 180


@pytest.fixture(params=[1440, 390])
def cast(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Cast]:
    people = Cast(browser, site, request.param)
    yield people
    people.leave()


def compose(folder: Path, organizations: int, people: int) -> Path:
    """An Excel file in the import format, as docs/import-format.md says how to make one."""
    file = folder / "directory.xlsx"
    command = [
        sys.executable,
        "-m",
        "bench.compose_directory",
        "--out",
        str(file),
    ]
    sizes = ["--organizations", str(organizations), "--people", str(people)]
    subprocess.run([*command, *sizes], cwd=ROOT, check=True, capture_output=True, timeout=120)
    return file


def test_the_story(cast: Cast, tmp_path: Path) -> None:
    organizations, people = SIZES[cast.width]
    maintainer = cast.demo("Maintainer of one dimension")
    organization = keep_the_directory(maintainer, cast)
    dimension = maintainer_dimension(maintainer)
    story.upload(maintainer, dimension, compose(tmp_path, organizations, people), people, SECONDS)
    staff = cast.demo("Staff with a visible range")
    wanted = find_and_apply(staff, cast, organization)
    login, password = decide(maintainer, wanted, cast)
    guest = story.first_login(cast, login, password, f"{OWN} {cast.width}")
    talk(guest, staff, wanted)
    refuse(maintainer, staff, cast, organization)
    checked = cast.site.manage("check_invariants", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def maintainer_dimension(maintainer: Actor) -> str:
    """Address of the one dimension that he maintains."""
    maintainer.go("/console/orgs/")
    return maintainer.page.url


def keep_the_directory(maintainer: Actor, cast: Cast) -> str:
    """An organization, a department, two people with accounts of his choosing; both can log in."""
    page = maintainer.page
    maintainer.go("/contacts/")
    maintainer.look("01-front-office")
    maintainer.link("管理后台" if cast.width == 1440 else "管理").first.click()
    page.wait_for_url(re.compile("/console/orgs/"))
    dimension = page.url
    organization = story.create_organization(maintainer, dimension, cast.named("organization"))
    department = story.create_department(maintainer, organization, "采购部")
    maintainer.go(organization)
    maintainer.look("02-organization")
    with_account(maintainer, department, cast.named("direct"), cast.named("direct_login"))
    later_account(maintainer, department, cast.named("later"), cast.named("later_login"))
    for login in (cast.named("direct_login"), cast.named("later_login")):
        cast.enter(login, FIRST, lands="/account/password/").page.context.close()
    return organization


def with_account(maintainer: Actor, department: str, name: str, login: str) -> None:
    """新建联系人 with login name and password in the same form."""
    page = maintainer.page
    maintainer.go(f"{department}contacts/new/")
    page.fill("[name=name]", name)
    page.locator("[name=way][value=own]").check()
    page.fill("[name=username]", login)
    page.fill("[name=password]", FIRST)
    maintainer.button("新建").click()
    expect(page.get_by_role("heading", name=re.compile(name)).first).to_be_visible()


def later_account(maintainer: Actor, department: str, name: str, login: str) -> None:
    """A contact first; his account on 账号信息 afterwards."""
    page = maintainer.page
    maintainer.go(f"{department}contacts/new/")
    page.fill("[name=name]", name)
    maintainer.button("新建").click()
    expect(page.get_by_role("heading", name=re.compile(name)).first).to_be_visible()
    maintainer.link("账号信息").first.click()
    maintainer.link(re.compile("开通账号")).first.click()
    form = maintainer.dialog()
    form.locator("[name=way][value=own]").check()
    form.locator("[name=username]").fill(login)
    form.locator("[name=password]").fill(FIRST)
    form.locator("button[type=submit]").last.click()
    expect(page.locator("main")).to_contain_text(login)


def find_and_apply(staff: Actor, cast: Cast, organization: str) -> str:
    """He finds one of the imported people by initials, nobody of a dimension that is not his; creates one, applies."""
    page = staff.page
    staff.go("/contacts/")
    page.locator("[data-search]").first.fill(cast.named("initials"))
    expect(page.locator("[data-row]").first).to_contain_text(cast.named("direct"))
    staff.look("05-address-book")
    page.locator("[data-search]").first.fill("恒拓")
    expect(page.locator("[data-row]")).to_have_count(0)
    name = cast.named("applied")
    create_contact(staff, organization, name)
    apply(staff, name, "对账和订单查询需要登录门户")
    staff.look("07-applied")
    return name


def create_contact(staff: Actor, organization: str, name: str) -> None:
    """新建联系人 in the front office: there is no account part in the form."""
    page = staff.page
    node = organization.rstrip("/").rsplit("/", 1)[1]
    staff.go(f"/contacts/o/{node}/")
    staff.link("新建联系人").first.click()
    form = page.locator("form:has([name=stamp])")
    form.locator("[name=name]").fill(name)
    assert form.locator("[name=password]").count() == 0
    staff.look("06-new-contact")
    form.get_by_role("button", name="新建").click()
    page.wait_for_url(re.compile(r"c=\d+"))


def apply(staff: Actor, name: str, remark: str) -> None:
    """申请开通 with a remark; the state is 审批中."""
    page = staff.page
    staff.link("账号信息").first.click()
    page.wait_for_url(re.compile("tab=account"))
    page.get_by_role("link", name="申请开通").first.click()
    staff.dialog().locator("[name=remark]").fill(remark)
    staff.dialog().locator("button[type=submit]").last.click()
    expect(page.locator("[data-account-panel]")).to_contain_text("审批中")
    if staff.width == 1440:
        expect(page.locator("tr[data-row].on")).to_contain_text("审批中")


def decide(maintainer: Actor, name: str, cast: Cast) -> tuple[str, str]:
    """Agrees in the notification; the worker makes the account; the credentials are shown once."""
    page = maintainer.page
    card = open_card(maintainer, name)
    maintainer.look("08-notification")
    card.get_by_role("button", name=re.compile("^同意")).click()
    if maintainer.dialog().count():
        maintainer.dialog().locator("button[type=submit]").last.click()
    expect(card).to_contain_text("已同意")
    reveal = card.get_by_role("button", name="查看一次")
    expect(reveal).to_be_visible(timeout=20_000)
    login = card.locator("code").first.inner_text().strip()
    reveal.click()
    once = page.locator("[data-once]")
    expect(once).to_be_visible()
    maintainer.look("09-credentials")
    password = once.locator("code").last.inner_text().strip()
    maintainer.go("/console/applications/?status=approved")
    expect(page.locator("main")).to_contain_text(name)
    return login, password


def open_card(maintainer: Actor, name: str):  # type: ignore[no-untyped-def]  # a playwright locator
    """The card about this person in 系统通知."""
    page = maintainer.page
    maintainer.go("/messages/?only=notices")
    page.locator("a.conv", has_text="系统通知").first.click()
    card = page.locator("article", has_text=name).last
    card.scroll_into_view_if_needed()
    expect(card.get_by_role("button", name=re.compile("^同意"))).to_be_visible()
    return card


def talk(guest: Actor, staff: Actor, name: str) -> None:
    """To-do, apps, the staff he may see; a message out, an answer back."""
    page = guest.page
    expect(page.locator("main")).to_contain_text("个人待办")
    guest.look("12-portal")
    guest.go("/portal/profile/")
    page.fill("[name=mobile]", "15400007788")
    page.fill("[name=telephone]", "0512-66668888")
    page.fill("[name=office]", "苏州工业园区示例路 8 号")
    page.fill("[name=email]", f"story{guest.width}@example.com")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator("main form button[type=submit]").first.click()
    settled(page)
    guest.go("/portal/people/")
    guest.look("13-people")
    page.locator("#people form button[type=submit]").first.click()
    page.wait_for_url(re.compile(r"/portal/messages/\d+/"))
    say(guest, "你好，对账单在哪里看？")
    read(staff, name, "你好，对账单在哪里看？")
    staff.look("14-message")
    say(staff, "在门户首页的应用里。")
    guest.go("/portal/messages/")
    page.locator("a.conv").first.click()
    expect(page.locator("[role=log]")).to_contain_text("在门户首页的应用里。")
    guest.look("15-answer")


def say(actor: Actor, text: str) -> None:
    box = actor.page.locator("[data-composer] textarea, textarea[name=body]").first
    box.fill(text)
    box.press("Enter")
    expect(actor.page.locator("[role=log]")).to_contain_text(text)


def read(staff: Actor, name: str, text: str) -> None:
    staff.go("/messages/")
    staff.page.locator("a.conv", has_text=name).first.click()
    expect(staff.page.locator("[role=log]")).to_contain_text(text)


def refuse(maintainer: Actor, staff: Actor, cast: Cast, organization: str) -> None:
    """A refused application goes back to 申请开通 with its reason."""
    name = cast.named("refused")
    create_contact(staff, organization, name)
    card_url = staff.page.url
    apply(staff, name, "测试环境对接")
    card = open_card(maintainer, name)
    card.get_by_role("button", name=re.compile("^拒绝")).click()
    box = maintainer.page.locator("[name=reason]:visible").last
    box.fill("请先补充保密协议")
    box.locator("xpath=ancestor::form").locator("button[type=submit]").last.click()
    expect(card).to_contain_text("已拒绝")
    staff.go(f"{card_url}&tab=account")
    expect(staff.page.locator("main")).to_contain_text("请先补充保密协议")
    expect(
        staff.page.get_by_role("link", name=re.compile("重新申请|申请开通")).first
    ).to_be_visible()
    staff.look("16-refused")
