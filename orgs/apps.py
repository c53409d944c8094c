from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db.models.signals import post_migrate
from django.utils import timezone


class OrgsConfig(AppConfig):
    name = "orgs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(ensure_builtin, sender=self)


def ensure_builtin(*, using: str, apps: Any = global_apps, **_: Any) -> None:
    """Every installation has the built-in dimension and one row of settings (SPEC ORG-2).

    `migrate` passes the models as they are at that point of the history, `flush` passes none.
    """
    Node = apps.get_model("orgs", "Node")
    if (
        not hasattr(Node, "builtin")
        or Node._base_manager.using(using).filter(builtin=True).exists()
    ):
        return
    last = (
        Node._base_manager.using(using)
        .order_by("-tree_id")
        .values_list("tree_id", flat=True)
        .first()
    )
    node = Node(
        kind=0, name="外部联系人", name_en="External contacts", sort_key="waibulianxiren", initials="wblxr",
        code="builtin", builtin=True, lft=1, rght=2, level=0, tree_id=(last or 0) + 1,
        created_at=timezone.now(), updated_at=timezone.now(),
    )  # fmt: skip
    node.save_base(raw=True, force_insert=True, using=using)
    Node._base_manager.using(using).filter(pk=node.pk).update(
        path=f"{node.pk}.", dimension_id=node.pk
    )
    apps.get_model("orgs", "DimensionDetail")._base_manager.using(using).get_or_create(
        node_id=node.pk
    )
    apps.get_model("orgs", "DirectorySettings")._base_manager.using(using).get_or_create(id=1)
