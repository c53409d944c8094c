#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it brings the embedded services along."""

import contextlib
import os
import sys
from collections.abc import Iterator

from django.core.management import execute_from_command_line

from core.embedded import EmbeddedError, prepare_environment

# These never ask the database; an image is built with them where no server can run.
WITHOUT_SERVICES = frozenset(
    {"", "help", "version", "--help", "--version", "-h", "collectstatic", "fake_wecom"}
)


@contextlib.contextmanager
def services(command: str) -> Iterator[None]:
    """The servers of this home: shared with a running site, or up for the length of the command."""
    if command in WITHOUT_SERVICES:
        os.environ.setdefault("DATABASE_URL", "postgres:///unused")
        os.environ.setdefault("REDIS_URL", "redis://127.0.0.1/0")
        os.environ.setdefault("SECRET_KEY", "unused: this command signs nothing")
        os.environ.setdefault("SECRETS_KEY", "A" * 43 + "=")
        yield
        return
    started = prepare_environment("run")
    try:
        yield
    finally:
        started.stop()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with services(sys.argv[1] if len(sys.argv) > 1 else ""):
            execute_from_command_line(sys.argv)
    except EmbeddedError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
