"""Rows of runs and plans."""

from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from wecom_sync.run_models import PlanItem, Run  # noqa: F401


class RunManager(models.Manager["Run"]):
    """Runs, newest first."""

    def under_way(self) -> "models.QuerySet[Run]":
        """Those that hold the lease of their connection."""
        return self.filter(status__in=self.model.UNDER_WAY)


class PlanItemQuerySet(models.QuerySet["PlanItem"]):
    """What a run would do."""

    def open(self) -> "PlanItemQuerySet":
        """What is not done yet, in the order in which it has to be done. Hints (stage 0) are for people."""
        return self.filter(status="open", stage__gt=0).order_by("stage", "pk")

    def to_write(self, run: "Run") -> "PlanItemQuerySet":
        """What is open of a run and may be written: not what leaves, where the rest comes first."""
        rows = self.open().filter(run=run)
        return rows.exclude(stage__in=self.model.LEAVING) if run.rest_first else rows
