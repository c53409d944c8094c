"""What the lock files promise: every package pinned with hashes, each explained, no address anywhere."""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "requirements"
NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def explained(path: Path) -> tuple[set[str], list[str]]:
    """The names an .in file asks for, and the lines that do not say why."""
    names, bare = set(), []
    for line in path.read_text().splitlines():
        match = NAME.match(line)
        if match:
            names.add(normal(match[1]))
            if "#" not in line:
                bare.append(f"{path.name}: {line.strip()} has no reason beside it")
    return names, bare


def locked(path: Path) -> tuple[set[str], list[str]]:
    """The names a lock pins, and what is wrong with it."""
    text = path.read_text()
    problems = [f"{path.name} holds an address"] if "://" in text else []
    names = set()
    for block in re.split(r"\n(?=[A-Za-z0-9])", text):
        match = NAME.match(block)
        if match:
            names.add(normal(match[1]))
            if "==" not in block or "--hash=sha256:" not in block:
                problems.append(f"{path.name}: {match[1]} is not pinned with a hash")
    return names, problems


def main() -> int:
    problems = []
    for kind in ("runtime", "dev"):
        asked, bare = explained(FOLDER / f"{kind}.in")
        pinned, wrong = locked(FOLDER / f"{kind}.txt")
        missing = [f"{kind}.txt lacks {name}" for name in sorted(asked - pinned)]
        problems += bare + wrong + missing
    print("\n".join(problems) or "locks: pinned, hashed, explained")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
