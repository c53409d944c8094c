"""The servers and the folder of a seeded directory: kept between runs, apart from `var/`."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.embedded import Home, open_home, prepare_environment

ROOT = Path(__file__).resolve().parents[2]
FACTS = "seeded.json"
# What docs/deployment.md asks of a database of this size.
SETTINGS = {
    "shared_buffers": "2GB",
    "maintenance_work_mem": "1GB",
    "work_mem": "32MB",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
    "max_wal_size": "8GB",
}


def scale() -> int:
    """How many contacts (SCALE, a million by default)."""
    return int(os.environ.get("SCALE", "1000000"))


def folder() -> Path:
    """Where the database of this scale stands (BENCH_HOME, a folder for temporary files by default)."""
    named = os.environ.get("BENCH_HOME") or f"{tempfile.gettempdir()}/wailian-bench-{scale()}"
    return Path(named)


@contextlib.contextmanager
def directory() -> Iterator[Home]:
    """The servers of this scale up and Django ready; everything is stopped at the end."""
    home = folder()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "WAILIAN_HOME": str(home), "DATA_DIR": f"{home}/data", "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECOND_FACTOR_REQUIRED": "0",  # its administrator has a password only
    }  # fmt: skip
    services = prepare_environment("test", home=home)
    try:
        if not (home / "tuned").exists():
            _tune(services.database_url)
            services.stop()
            for name in ("DATABASE_URL", "REDIS_URL"):
                os.environ.pop(name, None)
            services = prepare_environment("test", home=home)
            (home / "tuned").touch()
        manage("migrate", "--verbosity", "0")
        import django  # noqa: PLC0415  settings need the two addresses first

        django.setup()
        yield open_home(home)
    finally:
        services.stop()


def _tune(database_url: str) -> None:
    import psycopg  # noqa: PLC0415

    with psycopg.connect(database_url, autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())


def manage(*command: str) -> str:
    """What a command of manage.py prints; its complaints end the bench."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *command],
        cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr or done.stdout)
    return done.stdout


def facts(home: Home) -> dict[str, Any]:
    """What the seed noted down: sizes, seconds, who is measured. Empty where nothing was seeded."""
    return home.read(FACTS)
