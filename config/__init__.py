"""Wiring of the product: settings, URLs, server entry points. Owns no rule of its own."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
