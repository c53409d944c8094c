"""One file in the import format (docs/import-format.md) with invented people.

python -m bench.compose_directory --out FILE.xlsx [--names DIR] [--organizations 3000] [--people 30000] [--seed 42]

The same arguments give the same rows. Nobody is real: mobiles are of the unallocated range 154, addresses
end in example.com. FILE.csv writes a CSV. Without --out it composes into a temporary folder and prints one
JSON line with the time.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import names
from contacts.import_columns import BY_KEY, headings
from core.reading import pinyin
from core.sheets import write_csv, write_xlsx

DEPARTMENTS = (
    "销售部", "采购部", "财务部", "行政部", "技术部", "质量部", "客服部", "市场部",
    "销售中心/华东区", "销售中心/华南区", "销售中心/北方区", "研发中心/软件组", "研发中心/硬件组/测试",
)  # fmt: skip
POSITIONS = (
    "总经理",
    "副总经理",
    "销售经理",
    "采购主管",
    "财务",
    "工程师",
    "业务员",
    "助理",
    "项目经理",
    "客服专员",
)
TAGS = ("重点", "华东", "华南", "战略", "新合作", "年框", "备选")
MOBILE_RANGE = 10**8
MOBILE_STEP = 7_654_321  # has no common factor with the range: every number comes once


class Home(NamedTuple):
    """An organization with its code and departments ("" is the organization itself)."""

    name: str
    code: str
    departments: tuple[str, ...]


def mobile(number: int, seed: int) -> str:
    """The n-th invented mobile, eleven digits."""
    return f"154{(number * MOBILE_STEP + seed) % MOBILE_RANGE:08d}"


def organizations(count: int, seed: int, folder: Path | None) -> list[Home]:
    """Names, codes and departments of the organizations."""
    rng = random.Random(seed)
    return [
        Home(name, f"ORG-{number:05d}", ("", *rng.sample(DEPARTMENTS, k=rng.randint(1, 3))))
        for number, name in enumerate(names.companies(count, rng, folder), start=1)
    ]


def rows(
    organization_count: int, people_count: int, seed: int, folder: Path | None
) -> Iterator[dict[str, str]]:
    """Every organization once by itself, then the people, sorted by organization."""
    all_organizations = organizations(organization_count, seed, folder)
    rng = random.Random(seed + 1)
    homes = sorted(rng.randrange(organization_count) for _ in range(people_count))
    persons = names.people(people_count, rng, folder)
    rng.shuffle(persons)
    at = 0
    for index, organization in enumerate(all_organizations):
        base = {"organization": organization.name, "organization_code": organization.code}
        yield base
        while at < people_count and homes[at] == index:
            at += 1
            yield base | person(at, persons[at - 1], index, organization, seed)


def person(number: int, name: str, home: int, organization: Home, seed: int) -> dict[str, str]:
    """The fields of one person; half of the optional ones stay empty."""
    rng = random.Random(seed * 1_000_003 + number)
    latin = (
        "".join(char for char in pinyin(name).sort_key if char.isascii() and char.isalnum())
        or "person"
    )
    values = {
        "department": rng.choice(organization.departments),
        "name": name,
        "code": f"P{number:07d}",
        "mobile": mobile(number, seed),
    }
    optional = {
        "email": f"{latin}.{number}@o{home}.example.com",
        "position": rng.choice(POSITIONS),
        "gender": rng.choice("男女"),
        "telephone": f"010-{number % 10**8:08d}",
        "office": f"{rng.choice('ABCD')} 座 {rng.randint(1, 30)} 层",
        "tags": ";".join(rng.sample(TAGS, k=2)),
        "security_level": str(-rng.randrange(10)),
    }
    return values | {
        key: value
        for key, value in optional.items()
        if rng.random() < (0.8 if key == "email" else 0.5)
    }


def compose(
    out: Path, *, organization_count: int, people_count: int, seed: int, folder: Path | None
) -> None:
    """Writes the file."""
    lines = (
        [row.get(key, "") for key in BY_KEY]
        for row in rows(organization_count, people_count, seed, folder)
    )
    if out.suffix == ".csv":
        write_csv(out, headings(), lines)
    else:
        write_xlsx(out, headings(), lines, sheet_name="联系人")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--names", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--organizations", type=int, default=3000)
    parser.add_argument("--people", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=42)
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        out = given.out or Path(folder) / "directory.xlsx"
        compose(
            out,
            organization_count=given.organizations,
            people_count=given.people,
            seed=given.seed,
            folder=given.names,
        )
        figure = {
            "bench": "compose_directory",
            "organizations": given.organizations,
            "people": given.people,
            "seconds": round(time.perf_counter() - started, 1),
            "kilobytes": out.stat().st_size // 1024,
        }
    sys.stdout.write(json.dumps(figure) + "\n")


if __name__ == "__main__":
    main()
