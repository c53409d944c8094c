"""Writes to the tree at scale, through the services, audit included (SPEC ORG-5, ORG-10).

python -m bench.tree_writes [--only insert,departments,move,job,writers,check] [--seconds 60] [--contacts 100000]

One JSON line per figure. Every section gets a database of its own that keeps what it commits (`make run` has the same
settings), thrown away at the end. `--contacts` is the size of the directory in the sections `job` and `check`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from core.embedded import prepare_environment

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = ("insert", "departments", "move", "job", "writers", "check")
# What measures imports the product, which needs its settings first.
CHILD = "import django; django.setup(); from bench import _tree_writes; _tree_writes.main()"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(SECTIONS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--contacts", type=int, default=100_000)
    options = parser.parse_args()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
    for section in options.only.split(","):
        with tempfile.TemporaryDirectory(prefix="wailian-bench-", dir="/tmp") as folder:
            Path(folder).chmod(0o755)  # as root the servers run as somebody else
            os.environ |= {"WAILIAN_HOME": folder, "DATA_DIR": f"{folder}/data"}
            services = prepare_environment("run", home=Path(folder))
            try:
                measure(section, options)
            finally:
                services.stop()
                for name in ("DATABASE_URL", "REDIS_URL"):
                    os.environ.pop(name, None)


def measure(section: str, options: argparse.Namespace) -> None:
    """Runs one section in a process of its own."""
    given = [section, str(options.seconds), str(options.contacts)]
    done = subprocess.run([sys.executable, "-c", CHILD, *given], cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{section}: exit {done.returncode}")


if __name__ == "__main__":
    main()
