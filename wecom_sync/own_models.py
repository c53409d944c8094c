"""The corp's own departments and staff, and the rules that say who of them meets whom outside (SPEC WEC-6, WEC-7)."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Department


class OwnDepartment(models.Model):
    """A department of a connected corp, and the internal department that it is here."""

    connection = models.ForeignKey(
        "wecom_sync.Connection", models.CASCADE, related_name="own_departments"
    )
    number = models.PositiveIntegerField()
    department = models.OneToOneField(Department, models.CASCADE, related_name="wecom")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "number"], name="wecom_sync_owndepartment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}:{self.number}"


class OwnPerson(models.Model):
    """A member of a connected corp, and the login that he is here. Linked by (corp, id) and a person alone (T71)."""

    connection = models.ForeignKey(
        "wecom_sync.Connection", models.CASCADE, related_name="own_people"
    )
    member_id = models.CharField(max_length=64, db_collation="C")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="wecom_people")
    gone_at = models.DateTimeField(null=True)
    put_off = models.BooleanField(default=False)
    # Somebody took the link away; no run gives it back, or makes another login of this member.
    unlinked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "member_id"], name="wecom_sync_ownperson_once"
            ),
            models.UniqueConstraint(
                fields=["connection", "user"], name="wecom_sync_ownperson_one_login"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id}:{self.member_id}"


class PulledRule(models.Model):
    """A 对接规则 as WeCom has it: `holders` "o:<department>" or "u:<user id>", `places` keys of groups and corps."""

    run = models.ForeignKey("wecom_sync.Run", models.CASCADE, related_name="pulled_rules")
    chain = models.ForeignKey("wecom_sync.Chain", models.CASCADE, related_name="+")
    rule_id = models.CharField(max_length=64, db_collation="C")
    holders = ArrayField(models.CharField(max_length=70, db_collation="C"))
    places = ArrayField(models.CharField(max_length=140, db_collation="C"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "chain", "rule_id"], name="wecom_sync_pulledrule_once"
            )
        ]

    def __str__(self) -> str:
        return self.rule_id
