"""Processor time and memory of reading .xlsx: an ordinary file and files made to hurt (docs/adr/0006).

python -m bench.spreadsheet_reader      one JSON line for each reader and file

"sandbox" is what the product does. The bare libraries are measured in a child without our checks, with
at most 4 GB and 90 s; openpyxl only when it is installed (it is no dependency: pip install openpyxl).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import xlsxwriter

ROOT = Path(__file__).resolve().parent.parent
READERS = {
    "sandbox": """
from core.sheets import UnreadableFile, read_in_sandbox
try:
    outcome = f"{read_in_sandbox(path, path + '.jsonl')} rows"
except UnreadableFile as error:
    outcome = f"refused: {error.reason}"
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
""",
    "python_calamine": """
from python_calamine import CalamineWorkbook
rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
outcome = f"{sum(1 for _ in rows)} rows"
""",
    "openpyxl": """
import openpyxl
sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
sheet.reset_dimensions()
rows = zip(range(200_000), sheet.iter_rows(values_only=True, max_col=64))
outcome = f"{sum(1 for _ in rows)} rows"
""",
}
# The high-water mark of the address space: ru_maxrss would still hold that of the parent.
CHILD = """
import json, re, resource, sys
path = sys.argv[1]
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
memory = 0
{code}
own = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps([outcome, memory or own, sum(u.ru_utime + u.ru_stime for u in used)]))
"""
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns='
    '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
)
TAIL = "</sheetData></worksheet>"
SHEET = "xl/worksheets/sheet1.xml"
MB = 1024 * 1024


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def table(path: Path, rows: int, *, shared: bool) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": not shared}) as book:
        sheet = book.add_worksheet()
        for row in range(rows):
            for column in range(14):
                sheet.write_string(row, column, f"值{row}-{column}外部组织")


def bomb(path: Path, before: str, unit: str, times: int, after: str) -> None:
    plain = path.with_suffix(".plain.xlsx")
    table(plain, 1, shared=True)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != SHEET:
                new.writestr(name, old.read(name))
        with new.open(SHEET, "w", force_zip64=True) as part:
            part.write(before.encode())
            for _ in range(times):
                part.write(unit.encode())
            part.write(after.encode())


def files(folder: Path) -> dict[str, Path]:
    names = ["33,000 x 14, inline", "33,000 x 14, shared", "200,000 x 14", "far corner"]
    names += ["entities", "1 GB cell", "1,000,000 rows", "500 x 16,384"]
    paths = {name: folder / f"{number}.xlsx" for number, name in enumerate(names)}
    table(paths["33,000 x 14, inline"], 33_000, shared=False)
    table(paths["33,000 x 14, shared"], 33_000, shared=True)
    table(paths["200,000 x 14"], 200_000, shared=False)
    first = f'<row r="1">{text_cell("A1", "x")}</row>'
    bomb(
        paths["far corner"],
        HEAD + first,
        "<row>" + text_cell("XFD1048576", "y") + "</row>",
        1,
        TAIL,
    )
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    document = HEAD.replace("<worksheet", f'<!DOCTYPE l [<!ENTITY a0 "ha">{entities}]><worksheet')
    bomb(paths["entities"], document, f"<row>{text_cell('A1', '&a9;')}</row>", 1, TAIL)
    open_cell, close_cell = text_cell("A1", "@").split("@")
    bomb(
        paths["1 GB cell"], HEAD + "<row>" + open_cell, "A" * MB, 1000, close_cell + "</row>" + TAIL
    )
    bomb(paths["1,000,000 rows"], HEAD, "<row><c><v>1</v></c></row>" * 1000, 1000, TAIL)
    bomb(paths["500 x 16,384"], HEAD, "<row>" + "<c><v>1</v></c>" * 16_384 + "</row>", 500, TAIL)
    return paths


def read(code: str, path: Path) -> tuple[str, int | None, float | None]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", CHILD.format(code=code), str(path)],
            capture_output=True,
            timeout=90,
            check=False,
            cwd=ROOT,
        )
    except subprocess.TimeoutExpired:
        return "more than 90 s", None, None
    if done.returncode:
        return f"ended with {done.returncode}", None, None
    outcome, memory, seconds = json.loads(done.stdout)
    return outcome, memory, round(seconds, 1)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, path in files(Path(folder)).items():
            for reader, code in READERS.items():
                if reader != "sandbox" and not find_spec(reader):
                    continue
                outcome, memory, seconds = read(code, path)
                figure = {
                    "bench": "spreadsheet_reader",
                    "file": name,
                    "kilobytes": path.stat().st_size // 1024,
                    "reader": reader,
                    "outcome": outcome,
                    "cpu_seconds": seconds,
                    "peak_mb": memory,
                }
                sys.stdout.write(json.dumps(figure, ensure_ascii=False) + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
