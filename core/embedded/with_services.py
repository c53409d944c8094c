"""Run any command with the embedded services and the keys of this installation in its environment.

python -m core.embedded.with_services celery -A config worker
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from core.embedded.errors import EmbeddedError
from core.embedded.services import prepare_environment


def main(arguments: list[str]) -> int:
    """The exit code of the command; programs of this environment are found first."""
    if not arguments:
        sys.exit(str(__doc__))
    beside = Path(sys.executable).with_name(arguments[0])
    program = str(beside) if beside.exists() else arguments[0]
    try:
        services = prepare_environment("run")
    except EmbeddedError as error:
        sys.exit(str(error))
    try:
        return subprocess.run([program, *arguments[1:]], check=False).returncode
    except KeyboardInterrupt:
        return 130
    finally:
        services.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
