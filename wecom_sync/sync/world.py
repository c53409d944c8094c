"""What a batch works with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db.models import QuerySet

from core.actors import SystemActor
from wecom_sync.models import Chain, PulledPlace, RemotePlace, Run

ACTOR: Final = SystemActor("wecom")


def unshared(run: Run) -> QuerySet[PulledPlace]:
    """Corps that shared with the app until this run, and do not any more."""
    had = RemotePlace.objects.filter(
        chain__connection=run.connection_id, share=RemotePlace.Share.SHARED, gone_at=None
    )
    return PulledPlace.objects.filter(
        run=run, share=RemotePlace.Share.JOINED, key__in=had.values("key")
    )


@dataclass(slots=True)
class World:
    """The chains of the connection, and which node each of their places is; read inside the transaction."""

    run: Run
    chains: dict[int, Chain]
    nodes: dict[tuple[int, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> "World":
        rows = Chain.objects.filter(connection=run.connection).select_related("target")
        return cls(run, {row.pk: row for row in rows})

    def read(self, wanted: Sequence[tuple[int, str]]) -> None:
        """Looks the nodes of these (chain, key) up; "" is the target of the chain."""
        rows = RemotePlace.objects.filter(
            chain__in={chain for chain, _key in wanted}, key__in={key for _chain, key in wanted}
        )
        self.nodes |= {
            (chain, key): node
            for chain, key, node in rows.values_list("chain_id", "key", "node_id")
        }
        for pk, chain in self.chains.items():
            if chain.target_id:
                self.nodes[pk, ""] = chain.target_id
