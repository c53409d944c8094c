"""A file in the import format in which most rows are wrong, each in its own way.

python -m bench.bad_rows --out FILE.xlsx      prints the expected findings, one JSON line each

Without --out it prints one JSON line that counts them. Tests compare `EXPECTED` with what an import finds.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import NamedTuple

from contacts.import_columns import BY_KEY, headings
from core.importing.values import MAX_DEPTH
from core.sheets import write_csv, write_xlsx

ORGANIZATION = "坏行试验公司"


class BadRow(NamedTuple):
    """What is wrong, in which column, of which kind, and what the row holds beside or instead of the usual."""

    what: str
    field: str
    kind: str
    values: dict[str, str]


# Good rows first: the bad ones below repeat their code, mobile, name and organization code.
GOOD: tuple[dict[str, str], ...] = (
    {"organization": ORGANIZATION, "organization_code": "BAD-1"},
    {"organization": ORGANIZATION, "name": "好一", "code": "BAD-P1", "mobile": "15499990001"},
    {"organization": ORGANIZATION, "name": "好二", "mobile": "+86 154 9999 0002", "gender": "女"},
    {"organization": ORGANIZATION, "name": "好三", "department": "一部/二组"},
)
BAD: tuple[BadRow, ...] = (
    BadRow("no name", "name", "required", {"name": "", "mobile": "15499991001"}),
    BadRow("no organization", "organization", "required", {"organization": ""}),
    BadRow("mobile too short", "mobile", "invalid", {"mobile": "1549999"}),
    BadRow("mobile with letters", "mobile", "invalid", {"mobile": "154abcd0001"}),
    BadRow("fixed line as mobile", "mobile", "invalid", {"mobile": "010-65529988"}),
    BadRow("broken e-mail", "email", "invalid", {"email": "nobody@"}),
    BadRow("code of an earlier row", "code", "duplicate", {"code": "bad-p1"}),
    BadRow("mobile of an earlier row", "mobile", "duplicate", {"mobile": "154-9999-0002"}),
    BadRow(
        "same name in the same place",
        "name",
        "duplicate",
        {"name": "好三", "department": "一部/二组"},
    ),
    BadRow("name too long", "name", "too_long", {"name": "长" * 101}),
    BadRow(
        "name of invisible characters",
        "name",
        "required",
        {"name": "\u200b\u202e", "position": "经理"},
    ),
    BadRow("unknown gender", "gender", "invalid", {"gender": "无"}),
    BadRow("security level too high", "security_level", "out_of_range", {"security_level": "5"}),
    BadRow("security level is no number", "security_level", "invalid", {"security_level": "高"}),
    BadRow(
        "path too deep",
        "department",
        "too_deep",
        {"department": "/".join("甲" for _ in range(MAX_DEPTH + 1))},
    ),
    BadRow("empty level in path", "department", "invalid", {"department": "一部//二组"}),
    BadRow("formula as name", "name", "formula", {"name": '=HYPERLINK("http://example.com","x")'}),
    BadRow(
        "full-width formula as organization", "organization", "formula", {"organization": "＝1+1"}
    ),
    BadRow(
        "organization code of another organization",
        "organization_code",
        "conflict",
        {"organization": "另一家公司", "organization_code": "BAD-1"},
    ),
    BadRow(
        "another code for the organization",
        "organization_code",
        "conflict",
        {"organization_code": "BAD-2"},
    ),
    BadRow("contact code with blanks", "code", "invalid", {"code": "P 1"}),
    BadRow("contact code in Chinese", "code", "invalid", {"code": "编码一"}),
    BadRow(
        "organization code with slash", "organization_code", "invalid", {"organization_code": "A/1"}
    ),
    BadRow("telephone is words", "telephone", "invalid", {"telephone": "问前台"}),
    BadRow("remark too long", "remark", "too_long", {"remark": "说" * 2001}),
    BadRow("tag too long", "tags", "too_long", {"tags": "标" * 31}),
    BadRow("too many tags", "tags", "too_many", {"tags": ";".join(f"标签{n}" for n in range(21))}),
    BadRow(
        "credit code with a wrong check character",
        "credit_code",
        "invalid",
        {"credit_code": "91350211MA0000001A"},
    ),
    BadRow(
        "a day that does not exist",
        "cooperation_from",
        "invalid",
        {"cooperation_from": "2024-02-30"},
    ),
    BadRow(
        "order of an organization is a word",
        "organization_order",
        "invalid",
        {"organization_order": "第一"},
    ),
)
FIRST_BAD_ROW = 2 + len(GOOD)
EXPECTED: tuple[tuple[int, str, str], ...] = tuple(
    (FIRST_BAD_ROW + place, bad.field, bad.kind) for place, bad in enumerate(BAD)
)
"""(row in the file, column, kind): exactly one finding for each bad row, none for the good ones."""


def table() -> list[list[str]]:
    """All rows below the header, in the order of the columns."""
    usual = {"organization": ORGANIZATION}
    filled = [
        *GOOD,
        *(usual | {"name": f"坏{place}"} | bad.values for place, bad in enumerate(BAD, start=1)),
    ]
    return [[row.get(key, "") for key in BY_KEY] for row in filled]


def compose(out: Path) -> None:
    """Writes the file (.csv or .xlsx)."""
    if out.suffix == ".csv":
        write_csv(out, headings(), table())
    else:
        write_xlsx(out, headings(), table())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path)
    out: Path | None = parser.parse_args().out
    if out is None:
        sys.stdout.write(
            json.dumps({"bench": "bad_rows", "good": len(GOOD), "bad": len(BAD)}) + "\n"
        )
        return
    compose(out)
    for bad, (row, field, kind) in zip(BAD, EXPECTED, strict=True):
        line = {"row": row, "field": field, "kind": kind, "what": bad.what}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
