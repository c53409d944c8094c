"""As django.db.backends.postgresql, but a connection that is taken from the pool is looked at, not asked.

Django sends an empty query for every request that takes a connection: a round trip more for each page. A server that
ended a connection closed its side, and the socket says so without one.
"""

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg_pool import ConnectionPool


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with `still_there` as the check of its pool."""

    @property
    def pool(self) -> Any:
        """The pool of this database, or None without one."""
        pool = super().pool
        if pool is not None:
            pool._check = still_there
        return pool


def still_there(connection: Any) -> None:
    """Raises OperationalError for a connection that the server ended; asks it only where something waits to be read."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)
