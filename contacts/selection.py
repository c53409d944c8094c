"""What somebody chose in a list of contacts: named ones, or everything that the list shows (SPEC CON-5, CON-6).

Bulk actions, their jobs and the export take the same object. It holds no rows: it is read when it is used, through the
rule and for whoever acts then, so that what he may not see any more is not touched (SECURITY T05, T06).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from contacts.models import Contact
from contacts.permissions import Viewer
from contacts.querysets import COUNT_CAP, Filters, Page, kept_by
from contacts.search import search
from orgs.models import Node

SEARCH_LIMIT = 200
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Contacts named by id, or (`everything`) all at or below `node_id` that `filters` and `q` find.

    `below` False means those in the node itself. Without a node everything that the viewer sees is meant.
    """

    ids: tuple[int, ...] = ()
    everything: bool = False
    node_id: int | None = None
    filters: Filters = field(default_factory=Filters)
    q: str = ""
    below: bool = True

    @classmethod
    def named(cls, ids: Sequence[int]) -> Self:
        """These and no others."""
        return cls(ids=tuple(sorted(set(ids))))

    def pages(
        self, viewer: Viewer, *, after: tuple[str, int] | None = None, size: int = CHUNK
    ) -> Iterator[Page]:
        """The visible ones of it in display order, `size` at a time; one query for each page of a list.

        `after` is the `next` of a page handled before: neither moving nor disabling changes that order, so that work
        goes on where it stopped. A node that is gone gives nothing.
        """
        if not self.everything or self.q:
            yield from self._few(viewer, after, size)
            return
        node = self._node()
        if self.node_id is not None and node is None:
            return
        while True:
            page = Contact.objects.page_for(
                viewer, node=node, filters=self.narrowed, after=after, size=size
            )
            if page.ids:
                yield page
            if page.next is None:
                return
            after = page.next

    def count(self, viewer: Viewer, *, cap: int = COUNT_CAP) -> int:
        """How many there are now; cap + 1 means "more than cap"."""
        if not self.everything or self.q:
            return len(self._known(viewer))
        node = self._node()
        if self.node_id is not None and node is None:
            return 0
        return Contact.objects.count_for(viewer, node=node, filters=self.narrowed, cap=cap)

    @property
    def narrowed(self) -> Filters:
        """The filters with what `below` says."""
        return self.filters if self.below else replace(self.filters, place_id=self.node_id)

    def _node(self) -> Node | None:
        node: Node | None = Node.objects.filter(pk=self.node_id).first()
        return node

    def _few(self, viewer: Viewer, after: tuple[str, int] | None, size: int) -> Iterator[Page]:
        """Named or searched ones: few enough to be read at once."""
        known = [row for row in self._known(viewer) if after is None or row > after]
        for start in range(0, len(known), size):
            rows = known[start : start + size]
            more = start + size < len(known)
            yield Page([pk for _key, pk in rows], next=rows[-1] if more else None)

    def _known(self, viewer: Viewer) -> list[tuple[str, int]]:
        rows = Contact.objects.visible_to(viewer).filter(pk__in=self._candidates(viewer))
        return sorted(rows.values_list("sort_key", "pk"))

    def _candidates(self, viewer: Viewer) -> Sequence[int]:
        if not self.everything:
            return self.ids
        node = self._node()
        if self.node_id is not None and node is None:
            return ()
        hits = search(viewer, self.q, node=node, limit=SEARCH_LIMIT)
        return kept_by(self.narrowed, hits.ids)

    def as_json(self) -> dict[str, Any]:
        """As a job keeps it."""
        if not self.everything:
            return {"ids": list(self.ids)}
        return {
            "everything": True, "node_id": self.node_id, "q": self.q, "below": self.below,
            "filters": self.filters.as_json(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """The selection that as_json() gave."""
        if not kept.get("everything"):
            return cls.named(kept.get("ids", ()))
        return cls(**{**kept, "filters": Filters.from_json(kept.get("filters", {}))})
