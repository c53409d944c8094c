"""Cards with buttons (template_card, button_interaction) within the documented limits (doc 90236).

Words that are too long are cut, as WeCom would do or refuse; what identifies something is refused instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

TASK_ID: Final = re.compile(r"[0-9a-zA-Z_@-]{1,128}")
MAX_BUTTONS: Final = 6
MAX_LINES: Final = 6
MAX_KEY: Final = 1024


def text_of(text: str, longest: int) -> str:
    """The text in at most so many bytes, whole characters only."""
    return text.encode()[:longest].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Button:
    """What is pressed: `key` comes back in the callback, or `url` is opened. style: 1 blue, 2 pale, 3 red, 4 grey."""

    text: str
    key: str = ""
    style: int = 1
    url: str = ""

    def body(self) -> dict[str, Any]:
        what = {"type": 1, "url": self.url} if self.url else {"type": 0, "key": self.key}
        return {"text": self.text[:10], "style": self.style, **what}


@dataclass(frozen=True, slots=True)
class Card:
    """One card. `task_id` is of this app alone and never used again; `lines` are pairs of a name and a value."""

    task_id: str
    title: str
    description: str = ""
    source: str = ""
    text: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    link: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        keys = [button.key for button in self.buttons if not button.url]
        if not TASK_ID.fullmatch(self.task_id):
            raise ValueError("task_id: 1 to 128 letters, digits, _ @ -")
        if not 1 <= len(self.buttons) <= MAX_BUTTONS or len(set(keys)) != len(keys):
            raise ValueError("1 to 6 buttons with keys of their own")
        if any(not 0 < len(key.encode()) <= MAX_KEY for key in keys):
            raise ValueError("keys of buttons: 1 to 1024 bytes")
        links = [button.url for button in self.buttons if button.url]
        links += [self.link[1]] if self.link else []
        if not all(link.startswith(("https://", "http://")) for link in links):
            raise ValueError("link: http or https")

    def body(self) -> dict[str, Any]:
        """As WeCom wants it."""
        body: dict[str, Any] = {
            "card_type": "button_interaction",
            "task_id": self.task_id,
            "main_title": {"title": self.title[:36], "desc": self.description[:44]},
            "button_list": [button.body() for button in self.buttons],
        }
        if self.source:
            body["source"] = {"desc": self.source[:20], "desc_color": 0}
        if self.text:
            body["sub_title_text"] = self.text[:160]
        if self.lines:
            body["horizontal_content_list"] = [
                {"keyname": name[:5], "value": value[:30]} for name, value in self.lines[:MAX_LINES]
            ]
        if self.link:
            body["jump_list"] = [{"type": 1, "title": self.link[0], "url": self.link[1]}]
        return body
