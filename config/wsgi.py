"""WSGI entry point for pages."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from core import reading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()
reading.load()

# What is loaded now stays; looking through it for garbage again and again would cost a tenth of the time of pages.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 100)
