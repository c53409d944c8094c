"""Reads on the tree."""

from typing import Any

from mptt.managers import TreeManager


class NodeManager(TreeManager):  # type: ignore[misc]
    pass
