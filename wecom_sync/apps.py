from django.apps import AppConfig
from django.core import checks

from wecom_sync.checks import address_is_allowed


class WecomSyncConfig(AppConfig):
    name = "wecom_sync"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, so this is the one place of the app with an import inside a function.
        from approvals import events as approvals  # noqa: PLC0415
        from contacts import events  # noqa: PLC0415
        from wecom_sync import receivers  # noqa: PLC0415

        checks.register(address_is_allowed)
        events.contact_gone.connect(receivers.on_contact_gone, dispatch_uid="wecom_sync.gone")
        approvals.application_settled.connect(
            receivers.on_application_settled, dispatch_uid="wecom_sync.settled"
        )
