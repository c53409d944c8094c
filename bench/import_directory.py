"""How long `manage.py import_directory` takes, start of the command included.

python -m bench.import_directory [--names DIR] [--organizations 3000] [--people 30000]

Prints one JSON line: seconds of the first run, and of a second run that changes nothing. It brings a database of its
own, thrown away at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import compose_directory
from core.embedded import prepare_environment

ROOT = Path(__file__).resolve().parent.parent
DIMENSION = "外部联系人"
LOGIN = "import-bench"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--names", type=Path)
    parser.add_argument("--organizations", type=int, default=3000)
    parser.add_argument("--people", type=int, default=30000)
    options = parser.parse_args()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(prefix="wailian-bench-", dir="/tmp") as folder:
        os.environ |= {"WAILIAN_HOME": folder, "DATA_DIR": f"{folder}/data"}
        services = prepare_environment("test", home=Path(folder))
        try:
            line = measure(options, Path(folder) / "people.xlsx")
        finally:
            services.stop()
    sys.stdout.write(json.dumps(line) + "\n")


def measure(options: argparse.Namespace, file: Path) -> dict[str, object]:
    """The figures of one file imported twice."""
    compose_directory.compose(
        file, organization_count=options.organizations, people_count=options.people, seed=42,
        folder=options.names,
    )  # fmt: skip
    manage("migrate", "--verbosity", "0")
    manage("create_admin", "--username", LOGIN, "--name", LOGIN)
    command = ("import_directory", str(file), "--dimension", DIMENSION, "--by", LOGIN)
    first, created = timed(*command)
    second, unchanged = timed(*command)
    return {
        "bench": "import_directory",
        "organizations": options.organizations,
        "people": options.people,
        "seconds": first,
        "second_run_seconds": second,
        "created": created["created"],
        "second_run_unchanged": unchanged["unchanged"],
        "load": round(os.getloadavg()[0], 1),
    }


def timed(*command: str) -> tuple[float, dict[str, int]]:
    began = time.perf_counter()
    answer = manage(*command)
    return round(time.perf_counter() - began, 1), json.loads(answer)


def manage(*command: str) -> str:
    """What a command of manage.py prints; its complaints end the bench."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr or done.stdout)
    return done.stdout


if __name__ == "__main__":
    main()
