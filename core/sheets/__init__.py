"""Tables from and for people: .xlsx and .csv, read under limits and written without formulas.

Reading: `inspect_upload` in the request (cheap), then `read_in_sandbox` in a job; `read_rows` reads
in this process and is for files of our own. Writing: `write_xlsx`, `write_csv`. Rules: SECURITY
T74, T75, M14, M15; docs/adr/0006-spreadsheet-reader.md.
"""

from core.sheets.errors import UnreadableFile
from core.sheets.reading import read_rows
from core.sheets.sandbox import Limits, iter_sandboxed, read_in_sandbox
from core.sheets.upload import MAX_FILE_BYTES, Kind, inspect_upload
from core.sheets.writing import csv_parts, guard_formula, write_csv, write_xlsx

__all__ = [
    "MAX_FILE_BYTES",
    "Kind",
    "Limits",
    "UnreadableFile",
    "csv_parts",
    "guard_formula",
    "inspect_upload",
    "iter_sandboxed",
    "read_in_sandbox",
    "read_rows",
    "write_csv",
    "write_xlsx",
]
