"""What goes wrong on request. A fault waits for calls of its API and its corp, and is spent after `times` of them.

Before the answer: code, timeout, slow, reset, html (with 200), http (`code` is the status). To a worked-out answer:
truncated (JSON cut, sent as if whole), cut (the connection ends in the middle), empty (lists without contents), foreign
(another corp's or group's). To a page: repeat (the second page is the first again), skip (a page is left out).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

KINDS = frozenset(
    "code timeout slow reset html http truncated cut empty repeat skip foreign".split()
)


@dataclass(slots=True)
class Fault:
    kind: str
    api: str = "*"
    corpid: str = ""
    after: int = 0
    times: int = 1
    code: int = 45009
    seconds: float = 2.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: one of {', '.join(sorted(KINDS))}")

    def meets(self, api: str, corpid: str) -> bool:
        return self.api in ("*", api) and self.corpid in ("", corpid)

    def told(self) -> dict[str, Any]:
        return asdict(self)


def take(waiting: list[Fault], api: str, corpid: str) -> Fault | None:
    """The fault that strikes this call, counted down."""
    for fault in waiting:
        if not fault.meets(api, corpid):
            continue
        if fault.after > 0:
            fault.after -= 1
            return None
        if fault.times == 1:
            waiting.remove(fault)
        elif fault.times:
            fault.times -= 1
        return fault
    return None


def emptied(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without the contents of its lists."""
    return {key: [] if isinstance(value, list) else value for key, value in answer.items()}
