"""Runs in a process of its own, sometimes as another user: holds the services of a home until told to stop.

    python probe.py HOME KIND PLACE_FOR_ROOT

Prints one JSON line once they are up (or with the error), then waits for its standard input to close.
"""

import json
import os
import sys
import time
from pathlib import Path

from core.embedded import EmbeddedError, binaries, ensure, home, process


def main() -> None:
    folder, kind, outside = sys.argv[1:]
    # Root's places outside the home, so that a test leaves nothing in /var.
    home.ROOT_DATA = Path(outside) / "lib"
    binaries.ROOT_CACHE = Path(outside) / "cache"
    began = time.monotonic()
    try:
        services = ensure(kind, home=folder)
    except EmbeddedError as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return
    print(
        json.dumps(
            {
                "pid": os.getpid(),
                "database_url": services.database_url,
                "redis_url": services.redis_url,
                "pids": services.pids,
                "commands": {
                    name: process.command_line(pid) for name, pid in services.pids.items()
                },
                "seconds": round(time.monotonic() - began, 2),
            }
        ),
        flush=True,
    )
    sys.stdin.read()
    services.stop()


main()
