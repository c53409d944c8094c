"""The Celery application. Limits derive from one number so that a redelivered task never overlaps itself."""

import os

from celery import Celery

from core import celery_boot

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("wailian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
__all__ = ["app", "celery_boot"]
