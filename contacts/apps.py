from django.apps import AppConfig


class ContactsConfig(AppConfig):
    name = "contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Models are ready only now, so this is the one place of the app with an import inside a function.
        from contacts.receivers import on_subtree_changed  # noqa: PLC0415
        from orgs.events import subtree_changed  # noqa: PLC0415

        subtree_changed.connect(on_subtree_changed, dispatch_uid="contacts.closure")
