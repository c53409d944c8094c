"""Navigation: collected, sorted, one current entry."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.module_loading import import_string
from pytest_django import Settings

from core import nav
from core.nav import BELL, CONSOLE, ME, TOP, NavItem


def entries(request: HttpRequest) -> Iterable[NavItem]:
    """What a provider gives."""
    return [
        NavItem("console", "管理后台", "/console/", "settings", TOP, order=90),
        NavItem("book", "通讯录", "/contacts/", "users", TOP, order=10),
        NavItem("home", "首页", "/", "home", TOP, order=1),
        NavItem(
            "orgs", "外部组织维护", "/console/orgs/", "sitemap", CONSOLE, group="组织", order=1
        ),
        NavItem(
            "dimensions",
            "维度管理",
            "/console/orgs/dimensions/",
            "sitemap",
            CONSOLE,
            group="组织",
            order=2,
        ),
        NavItem(
            "audit",
            "操作日志",
            "/console/audit/",
            "history",
            CONSOLE,
            group="审计",
            order=3,
            match=("/audit/",),
        ),
        NavItem("bell", "通知", "/messages/", "bell", BELL),
        NavItem("logout", "退出登录", "/logout/", "logout", ME, post=True),
    ]


PRODUCT = settings.NAV_PROVIDERS


@pytest.fixture(autouse=True)
def _providers(settings: Settings) -> None:
    settings.NAV_PROVIDERS = ("tests.ui.test_nav.entries",)


@pytest.mark.parametrize("name", PRODUCT)
def test_every_provider_of_the_product_exists(name: str) -> None:
    assert callable(import_string(name))


@pytest.mark.parametrize(
    ("path", "top", "side"),
    [
        ("/contacts/o/3/", "book", None),
        ("/console/orgs/7/", "console", "orgs"),
        ("/console/orgs/dimensions/2/", "console", "dimensions"),
        ("/audit/7/", None, "audit"),
        ("/", "home", None),
        ("/elsewhere/", None, None),
    ],
)
def test_current_entry(path: str, top: str | None, side: str | None) -> None:
    built = nav.build(RequestFactory().get(path))
    assert [item.key for item in built.top if item.current] == ([top] if top else [])
    shown = [item.key for group in built.console for item in group.items if item.current]
    assert shown == ([side] if side else [])


def test_order_and_groups() -> None:
    built = nav.build(RequestFactory().get("/"))
    assert [item.key for item in built.top] == ["home", "book", "console"]
    assert [(group.label, [item.key for item in group.items]) for group in built.console] == [
        ("组织", ["orgs", "dimensions"]),
        ("审计", ["audit"]),
    ]
    assert built.bell is not None
    assert built.me[0].post


@pytest.mark.parametrize(
    ("cookie", "theme"), [("dark", "dark"), ("auto", "auto"), ("<x>", "auto"), ("", "auto")]
)
def test_theme_of_a_visitor(cookie: str, theme: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES[nav.THEME_COOKIE] = cookie
    assert nav.theme_of(request) == theme


def test_fragments_do_not_build_the_navigation(settings: Settings) -> None:
    settings.NAV_PROVIDERS = ("tests.ui.test_nav.nothing_of_the_kind",)
    assert nav.context(RequestFactory().get("/"))["theme"] == "auto"
