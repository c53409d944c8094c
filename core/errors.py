"""Errors that a page may show. Messages are sentences for the person who acts."""

from typing import Any


class UserError(Exception):
    """Something the person can understand and mend. `status` is the HTTP answer, `code` a stable word for tests."""

    status = 400
    code = "error"

    def __init__(
        self, message: Any, *, code: str | None = None, details: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or []
        if code:
            self.code = code

    def __str__(self) -> str:
        return str(self.message)


class Denied(UserError):
    """The object may be seen but the act is not allowed: 403 with a reason."""

    status = 403
    code = "denied"


class Hidden(UserError):
    """The object does not exist for this person: answers exactly like a missing one (SECURITY T13)."""

    status = 404
    code = "hidden"


class Conflict(UserError):
    """Somebody else was faster, or the object has changed since it was read."""

    status = 409
    code = "conflict"


class Invalid(UserError):
    """The input cannot be taken; `field` names the form field where there is one."""

    status = 422
    code = "invalid"

    def __init__(self, message: Any, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class Throttled(UserError):
    """Too many tries; `retry_after` in seconds."""

    status = 429
    code = "throttled"

    def __init__(self, message: Any, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
