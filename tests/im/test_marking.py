"""What people write, as HTML: links where somebody meant one, nothing that runs, names of members."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import gettext, override
from hypothesis import given
from hypothesis import strategies as st

from im.marking import EVERYONE_WORDS, marked

REL = 'target="_blank" rel="noopener noreferrer nofollow"'


def link(address: str) -> str:
    return f'<a href="{address}" {REL}>{address}</a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("看 https://example.com/a?b=1&c=2#d 吧", f"看 {link('https://example.com/a?b=1&amp;c=2#d')} 吧"),
        ("见http://example.com。谢谢", f"见{link('http://example.com')}。谢谢"),
        ("（https://example.com/x）", f"（{link('https://example.com/x')}）"),
        ("(https://example.com/a_(b))", f"({link('https://example.com/a_(b)')})"),
        ("https://example.com/x, 再说", f"{link('https://example.com/x')}, 再说"),
        ("https://例子.中国/", link("https://xn--fsqu00a.xn--fiqs8s/")),
        ("http://localhost:8000/x", link("http://localhost:8000/x")),
        ("javascript:alert(1) data:text/html,x file:///etc", "javascript:alert(1) data:text/html,x file:///etc"),
        ("https://bank.com@evil.example/", "https://bank.com@evil.example/"),
        ("https://a", "https://a"),
        ("<b onclick=x>&", "&lt;b onclick=x&gt;&amp;"),
        ('https://example.com/"><script>', f"{link('https://example.com/')}&quot;&gt;&lt;script&gt;"),
    ],
)  # fmt: skip
def test_links(text: str, html: str) -> None:
    assert marked(text, {}) == html


def test_names() -> None:
    names = {"林晓": (True, False), "林晓彤": (False, True)}
    with override("zh-hans"):
        html = marked("@林晓彤 @林晓 @别人", names)
    assert html == (
        '<span class="at">@林晓彤<span class="ext">外部</span></span> <span class="at at-me">@林晓</span> @别人'
    )


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_the_composer_puts_in_for_all_is_known(language: str) -> None:
    with override(language):
        assert gettext("everyone") in EVERYONE_WORDS


@given(st.text(alphabet=st.sampled_from("htps:/.a@<>\"'&()中例 #?=%-"), max_size=40))
def test_nothing_but_our_own_tags(text: str) -> None:
    html = marked(text, {"a": (False, False)})
    bare = re.sub(rf'<a href="https?://[^"<>]+" {REL}>|</a>|<span class="at">|</span>', "", html)
    assert not re.search(r"[<>\"]", bare)
