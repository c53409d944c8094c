"""What the back office keeps for those who work in it: work on many contacts, saved filters, the look of the list."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.models import WorkerJob
from orgs.models import Node


class BulkJob(WorkerJob):
    """One action on more contacts than a request should wait for (SPEC CON-5). Which ones is asked of the rule while it
    runs; `after_key`, `after_id` say how far it is in display order, written with each batch.
    """

    class Action(models.TextChoices):
        MOVE = "move", _("Move to…")
        TAG = "tag", _("Add tags")
        UNTAG = "untag", _("Remove tags")
        SHARE = "share", _("Share")
        UNSHARE = "unshare", _("Remove shares")
        FOLLOWER = "follower", _("Change the follower")
        ENABLE = "enable", _("Enable")
        DISABLE = "disable", _("Disable")
        DELETE = "delete", _("Delete")

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="bulk_jobs")
    node = models.ForeignKey(Node, models.CASCADE, related_name="+")  # whose list it began in
    action = models.CharField(max_length=10, choices=Action.choices)
    options = models.JSONField(default=dict)  # see services.bulk.ACTIONS
    asked = models.JSONField(default=dict)  # selection.Selection.as_json
    changed = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)  # [{id, name, reason}], capped
    after_key = models.CharField(max_length=300, blank=True)
    after_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.action}:{self.pk}"

    @property
    def position(self) -> tuple[str, int] | None:
        """After which contact it goes on."""
        return None if self.after_id is None else (self.after_key, self.after_id)


class SavedFilter(models.Model):
    """Filters of the list of contacts under a name, one's own; `query` is what stands in the address."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=500)
    is_default = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="contacts_savedfilter_name"),
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(is_default=True), name="contacts_savedfilter_one_default"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name


def shown_at_first() -> list[str]:
    """The columns of SPEC CON-5."""
    return ["mobile", "organization", "department", "position", "account"]


class ListLayout(models.Model):
    """Which columns a person wants to see in the list of contacts, in which order, and how close the rows stand."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    columns: Any = models.JSONField(default=shown_at_first)
    dense = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.owner_id}: {', '.join(self.columns)}"
