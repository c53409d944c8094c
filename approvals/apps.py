from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "approvals"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, so this is the one place of the app with an import inside a function.
        from approvals import receivers  # noqa: PLC0415
        from contacts import events  # noqa: PLC0415

        events.contact_gone.connect(receivers.on_contact_gone, dispatch_uid="approvals.gone")
        events.account_opened.connect(receivers.on_account_opened, dispatch_uid="approvals.opened")
