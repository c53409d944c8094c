"""Entry points of the worker."""

from core.effects import effect, schedule
from wecom_sync.services import callbacks, cards, presses, scheduled
from wecom_sync.sync import work


@effect("wecom_sync.run")
def run(*, run_id: int) -> None:
    """Leads a run as far as it goes without a person."""
    work.go(run_id=run_id)


@schedule("wecom_sync.nightly")
def nightly() -> None:
    """A full comparison of every connection."""
    scheduled.compare_all()


@schedule("wecom_sync.purge")
def purge() -> None:
    """Throws what old runs have read and old callbacks away."""
    scheduled.purge()
    callbacks.purge()


@effect("wecom_sync.follow")
def follow(*, connection_id: int) -> None:
    """Reads anew what callbacks named."""
    callbacks.follow(connection_id=connection_id)


@schedule("wecom_sync.end_forsaken")
def end_forsaken() -> None:
    """Ends runs that nothing leads any more."""
    scheduled.end_forsaken()


@effect("wecom_sync.press")
def press(*, callback_id: int) -> None:
    """Decides what somebody pressed on a card."""
    presses.decide(callback_id=callback_id)


@effect("wecom_sync.void_card")
def void_card(*, callback_id: int) -> None:
    """Shows on a card that was pressed that it decides nothing any more."""
    cards.void(callback_id=callback_id)


@effect("wecom_sync.show_cards")
def show_cards(*, application_id: int) -> None:
    """Shows on every card of an application how it ended."""
    cards.show(application_id=application_id)
