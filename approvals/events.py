"""What approvals announces upward. Sent inside the transaction of the change (docs/adr/0003)."""

from dataclasses import dataclass

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class ApplicationSettled:
    """An application does not wait any more, whoever or whatever ended that: cards of it that are out are over."""

    application_id: int


application_settled = Signal()


def announce_settled(*, application_id: int) -> None:
    """Tells the apps above that an application was decided, withdrawn or lapsed."""
    event = ApplicationSettled(application_id=application_id)
    application_settled.send(sender=ApplicationSettled, event=event)
