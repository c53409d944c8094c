"""What WeCom tells by callback, typed. An event is a reason to read anew, never the truth: it may be late or lost.

The ids in it are those of `corpid`, which is taken from ToUserName: for a shared app all downstream corps arrive at the
upstream corp's address (doc 97213), and which agentid they carry is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element  # the type; what is parsed goes through defusedxml

from defusedxml.ElementTree import fromstring

MAX_TEXT: Final = 2048
MAX_IDS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Any event; one of a kind that is not known here is just this.

    `replay`: digest of the ciphertext, refuses a repetition with other marks around it (SECURITY M12). `mark`: digest
    of the contents, the same for WeCom's own repetitions.
    """

    corpid: str
    sender: str
    at: int
    kind: str
    replay: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(Event):
    """A person or a department. change: create_, update_, delete_user; create_, update_, delete_party.

    `new_userid` renames. Departments are those after the change, where they are told.
    """

    change: str
    userid: str = ""
    new_userid: str = ""
    departments: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainChanged(Event):
    """change: create_, update_, delete_chain; create_, update_, delete_group; corp_join, update_corp, remove_corp."""

    change: str
    chain: str
    groups: tuple[int, ...] = ()
    corpids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareChanged(Event):
    """The app was shared with some corp, or taken from one; which, only the list of shares tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeChanged(Event):
    """`sender` came into the visible range of the app (subscribe) or left it (unsubscribe)."""

    entered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPressed(Event):
    """`sender` pressed the button `key` of the card `task_id`. The code updates the card once, within 72 hours."""

    task_id: str
    key: str
    response_code: str
    card_type: str
    chosen: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDone(Event):
    """A job is done, such as import_chain_contact."""

    job: str
    job_type: str
    code: int


def parse(xml: str, *, replay: str, mark: str) -> Event:
    """The event of a decrypted callback. Raises whatever goes wrong with XML that is not one."""
    root = fromstring(xml, forbid_dtd=True)
    kind = _text(root, "Event").lower() or _text(root, "MsgType").lower()
    common = {
        "corpid": _text(root, "ToUserName"), "sender": _text(root, "FromUserName"),
        "at": _number(root, "CreateTime"), "kind": kind, "replay": replay, "mark": mark,
    }  # fmt: skip
    if not common["corpid"] or not kind:
        raise ValueError("no event")
    return KINDS.get(kind, _other)(root, common)


def _other(_root: Element, common: dict[str, Any]) -> Event:
    return Event(**common)


def _contact(root: Element, common: dict[str, Any]) -> Event:
    change = _text(root, "ChangeType")
    if change.endswith("_party"):
        departments: tuple[int, ...] = (_number(root, "Id"),)
    else:
        words = _text(root, "Department").split(",")
        departments = tuple(int(word) for word in words if word.isascii() and word.isdigit())
    return ContactChanged(
        **common, change=change, userid=_text(root, "UserID"), new_userid=_text(root, "NewUserID"),
        departments=departments,
    )  # fmt: skip


def _chain(root: Element, common: dict[str, Any]) -> Event:
    return ChainChanged(
        **common, change=_text(root, "ChangeType"), chain=_text(root, "ChainId"),
        groups=tuple(int(one) for one in _each(root, "GroupIds/GroupId")),
        corpids=tuple(_each(root, "CorpIds/CorpId")),
    )  # fmt: skip


def _share(_root: Element, common: dict[str, Any]) -> Event:
    return ShareChanged(**common)


def _range(_root: Element, common: dict[str, Any]) -> Event:
    return RangeChanged(**common, entered=common["kind"] == "subscribe")


def _card(root: Element, common: dict[str, Any]) -> Event:
    items = root.findall("SelectedItems/SelectedItem")
    return CardPressed(
        **common, task_id=_text(root, "TaskId"), key=_text(root, "EventKey"),
        response_code=_text(root, "ResponseCode"), card_type=_text(root, "CardType"),
        chosen=tuple((_text(one, "QuestionKey"), tuple(_options(one))) for one in items),
    )  # fmt: skip


def _options(item: Element) -> Iterator[str]:
    """The documentation's own sample misspells them; either may come."""
    yield from _each(item, "OptionIds/OptionId")
    yield from _each(item, "OpitonIds/OpitonId")


def _job(root: Element, common: dict[str, Any]) -> Event:
    job = root.find("BatchJob")
    if job is None:
        raise ValueError("no job")
    code = _text(job, "ErrCode")
    return JobDone(
        **common, job=_text(job, "JobId"), job_type=_text(job, "JobType"), code=int(code or 0)
    )


KINDS: Final[dict[str, Callable[[Element, dict[str, Any]], Event]]] = {
    "change_contact": _contact, "change_chain": _chain, "share_chain_change": _share, "share_agent_change": _share,
    "subscribe": _range, "unsubscribe": _range, "template_card_event": _card, "batch_job_result": _job,
}  # fmt: skip


def _plain(text: str) -> str:
    """A sample of the documentation writes ![CDATA[x]] without its brackets; servers may, too."""
    text = text.strip()
    if text.startswith("![CDATA[") and text.endswith("]]"):
        text = text[8:-2]
    if len(text) > MAX_TEXT or "\x00" in text:
        raise ValueError("text")
    return text


def _text(root: Element, path: str) -> str:
    return _plain(root.findtext(path) or "")


def _number(root: Element, path: str) -> int:
    text = _text(root, path)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


def _each(root: Element, path: str) -> list[str]:
    found = [_plain(one.text or "") for one in root.findall(path)[:MAX_IDS]]
    return [one for one in found if one]
