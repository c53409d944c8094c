"""Beat tasks of core."""

from core import audit, jobs, outbox
from core.effects import schedule


@schedule("core.sweep_outbox")
def sweep_outbox() -> None:
    """Publishes outbox entries that the broker lost."""
    outbox.sweep()


@schedule("core.seal_audit")
def seal_audit() -> None:
    """Lays the hash chain over new audit rows."""
    audit.seal()


@schedule("core.make_audit_partitions")
def make_audit_partitions() -> None:
    """Keeps monthly partitions of the audit trail ahead of time."""
    jobs.make_audit_partitions()


@schedule("core.heartbeat")
def heartbeat() -> None:
    """End-to-end sign of life: beat sent it, the broker carried it, a worker ran it."""
    jobs.heartbeat(name="worker")
