"""Who acts. A service is always told; "nobody" does not exist (SPEC section 0)."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@runtime_checkable
class Actor(Protocol):
    """A person or a named part of the system, as the audit trail prints it."""

    @property
    def actor_kind(self) -> str:
        """ "staff", "external" or "system"."""

    @property
    def actor_id(self) -> str:
        """Stable id as text; "" for the system."""

    @property
    def actor_label(self) -> str:
        """Name at the time of the act."""


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A named part of the system, for example SystemActor("import") or SystemActor("schedule")."""

    name: str

    @property
    def actor_kind(self) -> str:
        return "system"

    @property
    def actor_id(self) -> str:
        return ""

    @property
    def actor_label(self) -> str:
        return f"系统 · {self.name}"
