"""The style guide: every component in every state (DEBUG only; the tests look at it first)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from core import styleguide_data as data
from core.errors import Conflict
from core.htmx import trigger
from core.ui import Pager

DIALOGS = {
    "form": "components/dialog_form.html",
    "confirm": "components/dialog_confirm.html",
    "once": "components/credentials_dialog.html",
    "picker": "components/picker_dialog.html",
}


def _reference() -> list[tuple[str, str]]:
    """Name and head comment of every component: what it is and which variables it takes."""
    folder = Path(settings.BASE_DIR) / "templates" / "components"
    heads = (
        (path.name, path.read_text(encoding="utf-8").partition("#}")[0])
        for path in sorted(folder.glob("*.html"))
    )
    return [(name, head.removeprefix("{#").strip()) for name, head in heads]


def _rows() -> list[dict[str, Any]]:
    keys = ("name", "position", "mobile", "state")
    return [
        {"id": number, "current": number == 1, **dict(zip(keys, person, strict=True))}
        for number, person in enumerate(data.PEOPLE)
    ]


def _common(request: HttpRequest, area: str) -> dict[str, Any]:
    request.user = data.SOMEBODY  # type: ignore[assignment]  # a likeness, so that the menu at the avatar is shown
    return {
        "nav": data.nav(area),
        "preferences_url": "/styleguide/",
        "live_url": "",
        "host_name": "示例制造集团",
    }


def index(request: HttpRequest) -> HttpResponse:
    """All components, one below the other."""
    bad = data.DemoForm({"name": "", "email": "x@", "remark": "字" * 12}, auto_id="bad_%s")
    context = _common(request, "console") | {
        "states": data.STATES,
        "uses": data.USES,
        "reference": _reference(),
        "actions": data.ACTIONS,
        "more": data.MORE,
        "crumbs": data.CRUMBS,
        "tabs": data.TABS,
        "segments": data.SEGMENTS,
        "columns": data.COLUMNS,
        "rows": _rows(),
        "pagers": data.pagers(),
        "facts": data.FACTS,
        "steps": data.steps(),
        "stats": data.STATS,
        "lines": data.log(),
        "nodes": data.tree(),
        "cards": data.cards(),
        "apps": data.APPS,
        "secrets": data.SECRETS,
        "picked": data.PICKED,
        "form": data.DemoForm(),
        "bad_form": bad,
        "filter": _filter(),
        "moments": [data.now(5), data.now(days=1), data.now(days=40), data.now(days=800)],
        "wizard": ["下载模板", "上传文件", "预检结果"],
        "bulk_buttons": [["move", "移动", ""], ["disable", "停用", "danger-line"]],
    }
    return render(request, "styleguide/index.html", context)


def _filter() -> dict[str, Any]:
    return {
        "action": "/styleguide/",
        "form": data.FilterForm(auto_id="filter_%s"),
        "placeholder": "姓名、拼音、首字母或手机号",
        "reset_url": "/styleguide/",
        "id": "filter-q",
        "autosubmit": True,
    }


def book(request: HttpRequest) -> HttpResponse:
    """Three panes: tree, list, card."""
    context = _common(request, "book") | {
        "nodes": data.tree(),
        "columns": data.COLUMNS[:3],
        "rows": _rows(),
        "pager": Pager(total=12, unit="人"),
        "crumbs": data.CRUMBS[1:],
        "facts": data.FACTS,
        "steps": data.steps(),
        "card_open": "c" in request.GET,
    }
    return render(request, "styleguide/book.html", context)


def portal(request: HttpRequest) -> HttpResponse:
    """The shell of external people."""
    return render(
        request, "styleguide/portal.html", _common(request, "portal") | {"apps": data.APPS}
    )


def auth(request: HttpRequest) -> HttpResponse:
    """A panel before the log-in."""
    return render(
        request, "styleguide/auth.html", _common(request, "auth") | {"secrets": data.SECRETS}
    )


def messages(request: HttpRequest) -> HttpResponse:
    """Conversation list and a thread with cards."""
    return render(
        request,
        "styleguide/messages.html",
        _common(request, "messages") | {"cards": data.cards(), "now": data.now()},
    )


def dialog(request: HttpRequest, name: str) -> HttpResponse:
    """One dialog; sent back with 422 when its form has errors, closed with 204 otherwise."""
    form = data.DemoForm(request.POST or None, auto_id="dlg_%s")
    if request.method == "POST" and name == "confirm":
        raise Conflict("已由 吴凯 于 10:51 停用")
    if request.method == "POST" and (name != "form" or form.is_valid()):
        return trigger(HttpResponse(status=204), toast="已保存 林晓彤", **{"dialog-close": True})
    context = _common(request, "console") | {
        "id": f"dlg-{name}",
        "title": "停用 3 个账号？" if name == "confirm" else "新增联系人",
        "text": "这 3 人将立即退出登录，资料会保留。",
        "action": request.path,
        "submit": "停用 3 个账号" if name == "confirm" else "保存",
        "secrets": data.SECRETS,
        "picker": data.picker(),
        "wide": name == "form",
        "consequences": ["会话立即结束", "可随时启用"],
    }
    if name == "form":
        context["form"] = form
    return render(
        request,
        DIALOGS.get(name, DIALOGS["form"]),
        context,
        status=form.http_status if name == "form" else 200,
    )


def children(request: HttpRequest, node: int) -> HttpResponse:
    """The next level of a tree."""
    return render(request, "components/tree_children.html", {"nodes": data.lazy_children(node)})


def people(request: HttpRequest) -> HttpResponse:
    """What the search of a chooser answers."""
    query = request.GET.get("q", "")
    results = [item for item in data.RESULTS if query in item.label]
    return render(
        request,
        "components/picker_results.html",
        {"results": results, "q": query, "picker_id": "dlg-picker"},
    )


def error(request: HttpRequest, status: int) -> HttpResponse:
    """One of the error pages."""
    known = status if status in {400, 403, 404, 409, 422, 429, 500, 503} else 404
    return render(request, f"{known}.html", status=known)
