"""The two login pages: inside WeCom, and by scanning. A person is chosen instead of recognised (doc 91022, 98152)."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode, urlsplit

from wecom_sync.standin.callbacks import near
from wecom_sync.standin.control import answer_for
from wecom_sync.standin.state import Refused, State
from wecom_sync.standin.world import Upstream

PATHS = {"/connect/oauth2/authorize", "/wwlogin/sso/login"}
SHOWN, FEW = 40, 6
PAGE = """<!doctype html><html lang="zh"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>模拟企业微信</title>
<h1>模拟企业微信</h1><p>这是本机的模拟登录页，人员均为虚构。请选择以谁的身份登录：</p>
<form><input name="find" value="{find}" aria-label="姓名" placeholder="姓名">{hidden}<button>查找</button></form>
<p><a href="{outsider}">以非成员的身份</a> · <a href="{refused}">拒绝登录</a></p><ul>{people}</ul></html>"""


def page(state: State, query: dict[str, str]) -> tuple[str, str]:
    """(where the browser is sent, "") or ("", the page that asks). `as` names the person at once."""
    upstream = state.world.upstreams.get(query.get("appid", ""))
    if upstream is None:
        raise Refused(40013, "invalid appid")
    back = query.get("redirect_uri", "")
    _check_back(upstream, back)
    if "as" in query:
        if query["as"] == "refuse":
            return _with(back, {"state": query.get("state", "")}), ""
        code = state.code(upstream, answer_for(upstream, query["as"]))
        return _with(back, {"code": code, "state": query.get("state", "")}), ""
    return "", _asking(upstream, query)


def _check_back(upstream: Upstream, back: str) -> None:
    """The trusted domain, port included; without one, this machine."""
    parts = urlsplit(back)
    domain = upstream.app.domain
    known = parts.netloc == domain if domain else near(parts.hostname or "")
    if parts.scheme not in ("http", "https") or not known:
        raise Refused(50001, "redirect_uri")


def _with(back: str, more: dict[str, str]) -> str:
    return f"{back}{'&' if urlsplit(back).query else '?'}{urlencode(more)}"


def _asking(upstream: Upstream, query: dict[str, str]) -> str:
    find = query.get("find", "")
    kept = {key: value for key, value in query.items() if key != "find"}
    rows = [row for row in _everybody(upstream) if find in row[1]][:SHOWN]
    people = "".join(
        f'<li><a href="?{escape(urlencode({**kept, "as": who}))}">{escape(name)}</a> {escape(where)}</li>'
        for who, name, where in rows
    )
    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">'
        for key, value in kept.items()
    )
    return PAGE.format(
        find=escape(find), hidden=hidden, people=people,
        outsider=f"?{escape(urlencode({**kept, 'as': ''}))}",
        refused=f"?{escape(urlencode({**kept, 'as': 'refuse'}))}",
    )  # fmt: skip


def _everybody(upstream: Upstream) -> list[tuple[str, str, str]]:
    """Who may come: id as getuserinfo gives it, name, corp. A few of every corp first, so that nobody must search."""
    corps = [
        [(one.userid, one.name, upstream.company.name) for one in upstream.company.people.values()]
    ]
    corps += [
        [
            (f"{view.corpid}/{view.id_of(one.userid)}", one.name, view.company.name)
            for one in view.company.people.values()
        ]
        for view in upstream.open_views()
    ]
    return [row for corp in corps for row in corp[:FEW]] + [r for corp in corps for r in corp[FEW:]]
