"""One run: what was read, what follows from it, and how far that was carried out (SPEC WEC-3)."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from wecom_sync.querysets import PlanItemQuerySet, RunManager


class Run(models.Model):
    """Reads, compares, and unless it is a dry run or the brake holds it, carries out.

    READY waits for a person: after a dry run, or because more people would leave than `brake` allows.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        PULLING = "pulling", _("Reading")
        PLANNING = "planning", _("Comparing")
        READY = "ready", _("Waiting for confirmation")
        APPLYING = "applying", _("Writing")
        DONE = "done", _("Finished")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        STALE = "stale", _("Outdated")

    class Trigger(models.TextChoices):
        MANUAL = "manual", _("By hand")
        SCHEDULE = "schedule", _("By schedule")
        CALLBACK = "callback", _("By a change in WeCom")

    UNDER_WAY = (Status.QUEUED, Status.PULLING, Status.PLANNING, Status.APPLYING)

    connection = models.ForeignKey("wecom_sync.Connection", models.CASCADE, related_name="runs")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    trigger = models.CharField(max_length=8, choices=Trigger.choices)
    dry = models.BooleanField(default=False)
    # Only these corps are read, and only what hangs on them is compared; empty is everything.
    only_corps = ArrayField(models.CharField(max_length=64), default=list)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    # How far the phase is; `total` 0 is not known yet.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    phase_at = models.DateTimeField(null=True)
    calls = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(
        default=0
    )  # of the reading, after answers that say "later"
    counts = models.JSONField(default=dict)
    brake = models.BooleanField(default=False)
    # Somebody let everything be written but what leaves: that waits for another confirmation.
    rest_first = models.BooleanField(default=False)
    # All of them, so that who or what is missing may go.
    staff_read = models.BooleanField(default=False)
    rules_read = models.BooleanField(default=False)
    error_code = models.IntegerField(null=True)
    message = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    planned_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)
    confirmed_by_label = models.CharField(max_length=200, blank=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[RunManager] = RunManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # The lease (SECURITY T73): one run of a corp at a time, whoever starts it.
            models.UniqueConstraint(
                fields=["connection"],
                condition=models.Q(status__in=["queued", "pulling", "planning", "applying"]),
                name="wecom_sync_run_one_under_way",
            )
        ]
        indexes = [
            # What the badge counts: the plans that wait, and whether another run was carried out since.
            models.Index(
                fields=["planned_at"], name="wecom_sync_run_waiting",
                condition=models.Q(status="ready"),
            ),
            models.Index(fields=["connection", "applied_at"], name="wecom_sync_run_applied"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def under_way(self) -> bool:
        return self.status in self.UNDER_WAY

    @property
    def in_part(self) -> bool:
        """It ended without an error, but a corp could not be read or an item not be written."""
        counts = self.counts
        return self.status == self.Status.DONE and bool(
            counts.get("unread") or counts.get("failed")
        )


class PulledPlace(models.Model):
    """A place as WeCom has it. `parent` is the key of the one above, "" the target of the chain."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pulled_places")
    # None: the corp's own department, "o:<number>".
    chain = models.ForeignKey("wecom_sync.Chain", models.CASCADE, null=True, related_name="+")
    key = models.CharField(max_length=140, db_collation="C")
    parent = models.CharField(max_length=140, blank=True, db_collation="C")
    depth = models.PositiveSmallIntegerField()  # under the target of the chain
    name = models.CharField(max_length=100)
    order = models.IntegerField(default=0, db_default=0)  # of a department, the least stands first
    custom_id = models.CharField(max_length=64, blank=True, db_collation="C")
    share = models.CharField(max_length=8, blank=True)
    # Of a corp: its departments and members were all read in this run, so that who is missing has left.
    complete = models.BooleanField(default=False)
    message = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "chain", "key"],
                name="wecom_sync_pulledplace_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.key


class PulledPerson(models.Model):
    """A member as WeCom has him; `places` are keys inside his corp, the main one first."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pulled_people")
    corp_id = models.CharField(max_length=64, db_collation="C")
    user_id = models.CharField(max_length=64, db_collation="C")
    name = models.CharField(max_length=100)
    places = ArrayField(models.CharField(max_length=140, db_collation="C"))
    active = models.BooleanField(default=True)  # neither disabled there nor left

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "corp_id", "user_id"], name="wecom_sync_pulledperson_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.corp_id}/{self.user_id}"


class PlanItem(models.Model):
    """One thing that a run would do, or did. Carried out in the order of `stage`, then of the id."""

    class Stage(models.IntegerChoices):
        NOTICE = 0, _("To look at")
        PLACE_JOIN = 1, _("Invited organization that joined")
        PLACE_ADD = 2, _("New organization or department")
        PLACE_CHANGE = 3, _("Changed organization or department")
        PERSON_ADD = 4, _("Contact that is new")
        PERSON_CHANGE = 5, _("Changed contact")
        PERSON_LEAVE = 6, _("Contact that left")
        PLACE_LEAVE = 7, _("Organization or department that is gone")
        DEPARTMENT_ADD = 8, _("Internal department that is new")
        DEPARTMENT_CHANGE = 9, _("Changed internal department")
        STAFF_ADD = 10, _("Member of staff who is new")
        STAFF_CHANGE = 11, _("Changed member of staff")
        STAFF_LEAVE = 12, _("Member of staff who left")
        RANGE_ADD = 13, _("New visible range by a rule")
        RANGE_REMOVE = 14, _("Visible range that no rule gives any more")

    # What takes something away.
    LEAVING = (Stage.PERSON_LEAVE, Stage.PLACE_LEAVE, Stage.STAFF_LEAVE, Stage.RANGE_REMOVE)

    class Status(models.TextChoices):
        OPEN = "open", _("Not done yet")
        DONE = "done", _("Done")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")

    run = models.ForeignKey(Run, models.CASCADE, related_name="items")
    stage = models.PositiveSmallIntegerField(choices=Stage.choices)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.OPEN)
    chain = models.ForeignKey("wecom_sync.Chain", models.CASCADE, null=True, related_name="+")
    key = models.CharField(
        max_length=140, db_collation="C"
    )  # of the place, or "<corp id>/<user id>"
    node_id = models.BigIntegerField(null=True)
    contact_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=100)
    # What is different: name, parent or places as keys, enabled.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    message = models.CharField(max_length=300, blank=True)

    objects: ClassVar[models.Manager["PlanItem"]] = PlanItemQuerySet.as_manager()

    class Meta:
        ordering = ["stage", "pk"]
        indexes = [
            models.Index(
                fields=["run", "stage", "id"], name="wecom_sync_item_open",
                condition=models.Q(status="open"),
            ),
            models.Index(fields=["run", "stage", "id"], name="wecom_sync_item_stage"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.stage} {self.key}"


class LogLine(models.Model):
    """What a run said on its way; never a secret, an address or a token (SECURITY T68)."""

    class Level(models.IntegerChoices):
        INFO = 20, _("Information")
        WARNING = 30, _("Warning")
        ERROR = 40, _("Error")

    run = models.ForeignKey(Run, models.CASCADE, related_name="lines")
    at = models.DateTimeField(auto_now_add=True)
    level = models.PositiveSmallIntegerField(choices=Level.choices, default=Level.INFO)
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
