from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.conf import settings
from django.db.models.signals import post_migrate

from accounts import privacy_text


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(ensure_notice, sender=self)
        post_migrate.connect(ensure_policy, sender=self)


def ensure_notice(*, using: str, apps: Any = global_apps, **_: Any) -> None:
    """Every installation has a privacy notice to accept (SPEC POR-5); a published one is never touched.

    `migrate` passes the models as they are at that point of the history, `flush` passes none.
    """
    PrivacyNotice = apps.get_model("accounts", "PrivacyNotice")
    rows = PrivacyNotice._base_manager.using(using)
    if not rows.exists():
        rows.create(version=1, body=privacy_text.ZH, body_en=privacy_text.EN)


def ensure_policy(*, using: str, apps: Any = global_apps, **_: Any) -> None:
    """Every installation says who must have a second factor; what somebody has decided is never touched."""
    LoginPolicy = apps.get_model("accounts", "LoginPolicy")
    rows = LoginPolicy._base_manager.using(using)
    if not rows.exists():
        asked = settings.SECOND_FACTOR_REQUIRED
        rows.create(id=1, admins=asked, holders=asked)
