from django.apps import AppConfig
from django.core import checks

from wecom_sync.checks import address_is_allowed


class WecomSyncConfig(AppConfig):
    name = "wecom_sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        checks.register(address_is_allowed)
