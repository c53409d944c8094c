"""Who acts. A service is always told; "nobody" does not exist (SPEC section 0)."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

# What people read in a history instead of the name in the code.
NAMES = {
    "create_admin": "命令行",
    "credentials": "账号密码",
    "demo": "演示数据",
    "schedule": "定时任务",
    "tree": "组织架构",
    "wecom": "企业微信同步",
}


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
        return f"系统 · {NAMES.get(self.name, self.name)}"
