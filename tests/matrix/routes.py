"""The permission matrix as data: every URL name × method × role with an explicit cell (SECURITY part 3).

Cells: Y allowed; S or O allowed inside the role's own scope, missing (404) outside; 3 refused with a page (403);
4 missing; L to the log-in (or 401); - not applicable (the row says why); a number is that status.
Where the object stands in the data and not in the address the row says `scope_in_data`. Allowed means an answer below
400, or one that the row names in `accepts` and explains in `why`. A route stands more than once where `case` tells its
rows apart.
"""

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tests.matrix.world import E2, ROLES

FOLDER = Path(__file__).parent / "routes"
CELLS = {"Y", "S", "O", "3", "4", "L", "-"}


@dataclass(frozen=True)
class Row:
    """One URL name with one method."""

    name: str
    method: str
    row: int  # of SECURITY part 3
    cells: dict[str, str]
    args: tuple[str, ...] = ()  # kinds of objects for the URL's parameters, or "=literal"
    data: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    why: str = ""
    case: str = ""
    accepts: tuple[int, ...] = ()
    scope_in_data: bool = False

    def cell(self, role: str) -> str:
        """What this row says of a role; another identity of a login may do the same."""
        return self.cells["EC" if role == E2 else role]

    @property
    def has_outside(self) -> bool:
        """Whether the row names an object, so that it can be asked for one outside the scope."""
        return self.scope_in_data or any(not arg.startswith("=") for arg in self.args)

    def __str__(self) -> str:
        return f"{self.method} {self.name}" + (f" ({self.case})" if self.case else "")


@cache
def rows() -> tuple[Row, ...]:
    """Every row of every file in tests/matrix/routes/."""
    found = []
    for file in sorted(FOLDER.glob("*.toml")):
        for route in tomllib.loads(file.read_text(encoding="utf-8"))["route"]:
            cells = dict(zip(ROLES, route["cells"].split(), strict=True))
            assert all(cell in CELLS or cell.isdigit() for cell in cells.values()), route
            for method in route.get("methods", ["GET"]):
                found.append(
                    Row(
                        name=route["name"], method=method, row=route["row"], cells=cells,
                        args=tuple(route.get("args", ())), data=route.get("data", {}), query=route.get("query", ""),
                        why=route.get("why", ""), case=route.get("case", ""),
                        accepts=tuple(route.get("accepts", ())), scope_in_data=route.get("scope_in_data", False),
                    )
                )  # fmt: skip
    return tuple(found)


def names(patterns: list[Any] | None = None, prefix: str = "") -> set[str]:
    """Every URL name of the product; a pattern without a name shows up as its route."""
    found: set[str] = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            space = pattern.namespace or ""
            found |= names(pattern.url_patterns, f"{prefix}{space}:" if space else prefix)
        elif isinstance(pattern, URLPattern):
            found.add(prefix + (pattern.name or str(pattern.pattern)))
    return found
