"""The process behind `read_in_sandbox`: one job on its input, one JSON answer on its output."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from core.sheets.errors import UnreadableFile
from core.sheets.reading import read_rows


def limit(job: dict[str, Any]) -> None:
    """Takes from this process what the job does not grant."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (job["memory_bytes"], job["memory_bytes"]))
    resource.setrlimit(resource.RLIMIT_CPU, (job["seconds"], job["seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job["output_bytes"], job["output_bytes"]))


def convert(job: dict[str, Any]) -> dict[str, Any]:
    """Reads and writes; the answer for the parent."""
    rows = 0
    try:
        with open(job["out"], "w", encoding="utf-8") as out:  # noqa: PTH123 - the path is complete
            found = read_rows(job["path"], max_rows=job["max_rows"], max_columns=job["max_columns"])
            for number, cells in enumerate(found, start=1):
                if cells:
                    out.write(json.dumps([number, cells], ensure_ascii=False) + "\n")
                    rows += 1
    except UnreadableFile as error:
        return {"reason": error.reason, "details": error.details_of_reason}
    except (MemoryError, OSError):
        return {"reason": "unpacks_too_large", "details": {}}
    except BaseException:  # noqa: BLE001 - a panic of the parser is no Exception
        return {"reason": "damaged", "details": {}}
    return {"rows": rows}


def main() -> None:
    """Entry point."""
    job = json.loads(sys.stdin.buffer.read())
    limit(job)
    sys.stdout.write(json.dumps(convert(job)))


if __name__ == "__main__":
    main()
