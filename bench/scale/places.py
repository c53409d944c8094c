"""Dimensions of very different size, their organizations and departments: by orgs/tree.py and orgs/tree_bulk.py."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import names
from bench.compose_directory import DEPARTMENTS
from bench.scale import rows
from core.text import pinyin
from orgs import tree, tree_bulk
from orgs.models import DimensionDetail, Node

MAX_LEVEL = 8
WORDS = sorted({word for path in DEPARTMENTS for word in path.split("/")})


@dataclass(slots=True)
class Place:
    """What the rest of the seed needs of a node."""

    id: int
    kind: int
    live: bool
    path: str
    below: int = 0


@dataclass(slots=True)
class Places:
    """All nodes, dimension by dimension, largest first."""

    dimensions: list[int] = field(default_factory=list)
    by_dimension: dict[int, list[Place]] = field(default_factory=dict)


def shares(count: int) -> list[float]:
    """The part of each dimension: the first of 200 holds 7.6 in a hundred, the last 0.1."""
    weights = [1 / (number + 3) for number in range(count)]
    return [weight / sum(weights) for weight in weights]


def write(*, dimensions: int, organizations: int, departments: int, folder: Path | None) -> Places:
    """Writes the tree and reads it back."""
    rng = random.Random(12)
    companies = names.companies(organizations, rng, folder)
    rng.shuffle(companies)
    word = [named(name) for name in WORDS]
    places = Places()
    for number, share in enumerate(shares(dimensions)):
        dimension_id = _dimension(number)
        places.dimensions.append(dimension_id)
        wanted = max(1, round(organizations * share))
        mine, companies = companies[:wanted], companies[wanted:]
        new = _nodes(dimension_id, mine, round(departments * share), word, rng)
        tree_bulk.insert(dimension_id=dimension_id, nodes=new)
    rows.run(
        "INSERT INTO orgs_organizationdetail (node_id, credit_code) SELECT id, '' FROM orgs_node WHERE kind = 1"
    )
    for pk, kind, live, path, dimension_id in rows.run(
        "SELECT id, kind, live, path, dimension_id FROM orgs_node WHERE kind > 0 ORDER BY id"
    ):
        places.by_dimension.setdefault(dimension_id, []).append(Place(pk, kind, live, path))
    return places


def named(name: str) -> dict[str, str]:
    """The columns that follow from the name of a node."""
    reading = pinyin(name, surname=False)
    return {"name": name, "sort_key": reading.sort_key, "initials": reading.initials}


def _dimension(number: int) -> int:
    """The built-in dimension is the largest."""
    if number == 0:
        return int(Node.objects.get(builtin=True).pk)
    dimension = tree.create_dimension(**named(f"维度{number:03}"))
    DimensionDetail.objects.create(node=dimension)
    return int(dimension.pk)


def _nodes(
    dimension_id: int,
    companies: list[str],
    departments: int,
    word: list[dict[str, str]],
    rng: random.Random,
) -> list[tree.NewNode]:
    """Organizations, a tenth of them below another one, and departments below what exists so far."""
    found: list[tree.NewNode] = []
    level: dict[str, int] = {}
    for number, name in enumerate(companies):
        key = f"o{number}"
        under = f"o{rng.randrange(number)}" if number > 3 and rng.random() < 0.1 else ""
        level[key] = level.get(under, 0) + 1
        found.append(_new(key, under or dimension_id, Node.Kind.ORGANIZATION, named(name), rng))
    keys = list(level)
    for number in range(departments if keys else 0):
        own = len(keys) > len(companies) and rng.random() < 0.5
        under = (
            keys[rng.randrange(len(companies), len(keys))]
            if own
            else keys[rng.randrange(len(companies))]
        )
        if level[under] >= MAX_LEVEL - 1:
            under = keys[rng.randrange(len(companies))]
        key = f"d{number}"
        level[key] = level[under] + 1
        keys.append(key)
        found.append(_new(key, under, Node.Kind.DEPARTMENT, rng.choice(word), rng))
    return found


def _new(
    key: str, parent: int | str, kind: int, values: dict[str, str], rng: random.Random
) -> tree.NewNode:
    extra: dict[str, Any] = {"enabled": rng.random() > 0.005}
    return tree.NewNode(key=key, parent=parent, kind=kind, values=values | extra)
