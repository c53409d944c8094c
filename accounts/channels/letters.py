"""What goes to the person of a login, whatever the way."""

import uuid
from dataclasses import dataclass, field

from accounts.models import User

Values = dict[str, str | int]


class Later(Exception):
    """Not taken now; it may have arrived all the same. The worker tries again."""


class Refused(Exception):
    """This person cannot be reached in this way; trying again would change nothing."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: "activation", "reset" or "changed", with the values its text is made of."""

    user: User
    template: str
    values: Values = field(repr=False)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    """The same for every repetition of this very message."""
