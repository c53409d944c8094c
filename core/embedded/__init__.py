"""Database and broker for a machine that has none: PostgreSQL and Valkey out of wheels.

Pure Python, importable without Django: `manage.py`, the supervisor of `make run` and the test
plugin call it before any setting is read, because settings only ever see the two addresses

    DATABASE_URL=postgres://wailian@/wailian?host=<socket folder>
    REDIS_URL=unix://<socket>

A variable that is already set is left alone and its server is not started.

Both servers listen on Unix sockets in a 0700 folder only. Whoever uses them signs up with a file
lock; the last one to leave stops them, so a `manage.py` beside a running site never pulls the
database away from under it. After `kill -9` of anything the next start finds the servers that
survived, or starts them anew.
"""

from core.embedded.errors import DidNotStart, EmbeddedError, NoBinary
from core.embedded.home import Home, open_home
from core.embedded.services import Kind, Services, ensure, prepare_environment, running, stop_unused

__all__ = [
    "DidNotStart",
    "EmbeddedError",
    "Home",
    "Kind",
    "NoBinary",
    "Services",
    "ensure",
    "open_home",
    "prepare_environment",
    "running",
    "stop_unused",
]
