"""manage.py fake_wecom: a WeCom on this machine to try sync with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from wecom_sync.standin.__main__ import add_arguments, serve


class Command(BaseCommand):
    help = "Run a stand-in for 企业微信 on this machine, with an invented world, until it is ended."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        serve(options)
