"""The Celery application. Limits derive from one number so that a redelivered task never overlaps itself."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("wailian")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
