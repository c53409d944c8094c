"""Lines of a tree in one pass: a level has up to a hundred, and an include for each costs more than the query."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from core.templatetags.ui import icon
from core.ui import TreeNode

register = template.Library()


@register.simple_tag(takes_context=True)
def tree_lines(context: template.Context) -> SafeString:
    """One level with what was read below it. Context: nodes, more_url; first, has_current (what Tab reaches)."""
    reached = bool(context.get("first")) and not context.get("has_current")
    lines = _level(context.get("nodes") or (), str(context.get("more_url") or ""), reached=reached)
    return mark_safe(lines)  # noqa: S308  _line escapes every value


def _level(nodes: Sequence[TreeNode], more_url: str, *, reached: bool = False) -> str:
    lines = [_line(node, reached=reached and not place) for place, node in enumerate(nodes)]
    if more_url:
        lines.append(
            f'<li role="none" class="tree-more"><button class="link-btn" type="button" hx-get="{escape(more_url)}"'
            ' hx-target="closest li" hx-swap="outerHTML" role="treeitem" aria-selected="false" tabindex="-1">'
            f"{escape(_('Load more'))}</button></li>"
        )
    return "".join(lines)


def _line(node: TreeNode, *, reached: bool) -> str:
    pk, label, current = escape(node.id), escape(node.label), node.current
    tab_index = 0 if current or reached else -1
    return (
        f'<li role="none"><a class="tree-item lv{node.indent}{" off" if node.disabled else ""}" role="treeitem"'
        f' id="tn-{pk}" href="{escape(node.url)}" title="{label}"{_given("data-py", node.pinyin)}'
        f' aria-level="{node.level}" aria-posinset="{node.position}" aria-setsize="{node.size}"'
        f' aria-selected="{_word(current)}"'
        + (
            f' aria-expanded="{_word(node.expanded)}" aria-owns="tg-{pk}"'
            if node.expandable
            else ""
        )
        + f' tabindex="{tab_index}"{_given("aria-current", "true" if current else "")}{_swap(node)}>'
        f'<span class="tw" aria-hidden="true">{icon("chevron-right") if node.expandable else ""}</span>'
        f'{icon(node.icon, "k")}<span class="t">{label}</span>{_marks(node)}</a>{_below(node, pk)}</li>'
    )


def _swap(node: TreeNode) -> str:
    if not node.target:
        return ""
    return f' hx-get="{escape(node.url)}" hx-target="{escape(node.target)}" hx-push-url="true"'


def _marks(node: TreeNode) -> str:
    """What stands behind the name: a word, where it comes from, how many people."""
    marks = f'<span class="tag">{escape(str(node.note))}</span>' if node.note else ""
    if node.synced:
        origin = escape(_("from WeCom"))
        marks += f'{icon("brand-wechat")}<span class="visually-hidden">{origin}</span>'
    return marks if node.count is None else f'{marks}<span class="n">{node.count}</span>'


def _below(node: TreeNode, pk: str) -> str:
    if not node.expandable:
        return ""
    lazy = ""
    if node.children is None and node.children_url:
        lazy = f' hx-get="{escape(node.children_url)}" hx-trigger="expand once" hx-target="this"'
        lazy += ' hx-swap="innerHTML" data-quiet'
    children = _level(node.children, node.more_url) if node.children else ""
    return f'<ul role="group" id="tg-{pk}"{lazy}>{children}</ul>'


def _given(name: str, value: str) -> str:
    return f' {name}="{escape(value)}"' if value else ""


def _word(value: bool) -> str:  # noqa: FBT001  what ARIA calls it
    return "true" if value else "false"
