"""The product's settings plus the migration linter, which only `make check` needs."""

from config.settings import *  # noqa: F403 - settings are a namespace
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_migration_linter"]
