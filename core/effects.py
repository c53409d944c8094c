"""The decorator of every task that a service starts: claim, run once, mark done."""

from collections.abc import Callable
from typing import Any

from celery import shared_task

from core import outbox


def effect(name: str) -> Callable[[Callable[..., None]], Any]:
    """Registers `function` as Celery task `name`. It gets the outbox entry's arguments and may be run twice safely.

    Late acknowledgement *and* reject on a lost worker are set for all tasks (SECURITY M9, M10).
    """

    def register(function: Callable[..., None]) -> Any:
        def run_entry(*, entry_id: int) -> None:
            outbox.run(entry_id=entry_id, action=function)

        run_entry.__name__ = function.__name__
        run_entry.__doc__ = function.__doc__
        return shared_task(name=name)(run_entry)

    return register


def schedule(name: str) -> Callable[[Callable[[], None]], Any]:
    """Registers a beat task `name`: no arguments, safe to run late or twice."""

    def register(function: Callable[[], None]) -> Any:
        return shared_task(name=name)(function)

    return register
