"""An export of 1,000,000 contacts as the worker does it: seconds and memory (SPEC CON-6).

python -m bench.export_large [--people 1000000] [--formats xlsx csv]

Prints one JSON line for each kind of file. The contacts are inserted by COPY beforehand.
"""

from __future__ import annotations

import argparse
import json
import os

from bench.own_site import own_site, step

MB_ALLOWED = 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="+", default=["xlsx", "csv"])
    options = parser.parse_args()
    with own_site():
        step("fill", str(options.people))
        for kind in options.formats:
            done = step("export", kind)
            line = {
                "bench": "export_large", "format": kind, "rows": done["rows"], "seconds": done["seconds"],
                "cpu_seconds": done["cpu_seconds"],
                "peak_mb": done["peak_mb"], "file_mb": done["megabytes"],
                "ok": done["rows"] == options.people and done["peak_mb"] <= MB_ALLOWED,
                "load": round(os.getloadavg()[0], 1),
            }  # fmt: skip
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
