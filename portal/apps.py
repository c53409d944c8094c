from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.db.models.signals import post_migrate


class PortalConfig(AppConfig):
    name = "portal"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, so this is the one place of the app with an import inside a function.
        from contacts import events  # noqa: PLC0415
        from portal import receivers  # noqa: PLC0415

        post_migrate.connect(ensure_registry, sender=self)
        events.contact_gone.connect(receivers.on_contact_gone, dispatch_uid="portal.gone")


COMMON, TOGETHER, BUSINESS = "常用", "协作", "业务"
# Key, name, English name, icon, category, URL name of what is built in (SPEC POR-2, POR-4).
REGISTRY = (
    ("todo", "个人待办", "To-do", "checkbox", COMMON, "portal:todo"),
    ("messages", "消息", "Messages", "message-circle", COMMON, "portal-im:index"),
    ("people", "我的联络人", "My contacts", "users", COMMON, "portal:people"),
    ("profile", "个人资料", "Profile", "user-circle", COMMON, "portal:profile"),
    ("tasks", "任务协作", "Tasks", "checklist", TOGETHER, ""),
    ("projects", "项目协作", "Projects", "layout-kanban", TOGETHER, ""),
    ("schedule", "日程安排", "Schedule", "calendar", TOGETHER, ""),
    ("workflow", "工作流程", "Workflow", "route", TOGETHER, ""),
    ("forms", "业务表单", "Forms", "forms", TOGETHER, ""),
    ("documents", "知识文档", "Documents", "books", TOGETHER, ""),
    ("customers", "客户", "Customers", "building-store", BUSINESS, ""),
    ("crm-contacts", "联系人", "Contacts", "address-book", BUSINESS, ""),
    ("opportunities", "商机", "Opportunities", "bulb", BUSINESS, ""),
    ("products", "产品", "Products", "package", BUSINESS, ""),
    ("campaigns", "市场活动", "Campaigns", "speakerphone", BUSINESS, ""),
    ("quotes", "报价", "Quotes", "file-invoice", BUSINESS, ""),
    ("orders", "订单", "Orders", "shopping-cart", BUSINESS, ""),
    ("contracts", "合同", "Contracts", "contract", BUSINESS, ""),
    ("prices", "价格", "Prices", "currency-yuan", BUSINESS, ""),
    ("funds", "资金", "Funds", "cash", BUSINESS, ""),
)


def ensure_registry(*, using: str, apps: Any = global_apps, **_: Any) -> None:
    """Every installation knows the apps of SPEC POR-2; what administrators changed afterwards stays.

    `migrate` passes the models as they are at that point of the history, `flush` passes none.
    """
    try:
        App = apps.get_model("portal", "App")
    except LookupError:
        return
    rows = App._base_manager.using(using)
    known = set(rows.values_list("key", flat=True))
    rows.bulk_create(
        App(
            key=key, name=name, name_en=english, icon=icon, category=category, url_name=url_name,
            kind="builtin" if url_name else "link", open_by_default=True, order=(number + 1) * 10,
        )
        for number, (key, name, english, icon, category, url_name) in enumerate(REGISTRY)
        if key not in known
    )  # fmt: skip
