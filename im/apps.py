from django.apps import AppConfig


class ImConfig(AppConfig):
    name = "im"
    default_auto_field = "django.db.models.BigAutoField"
