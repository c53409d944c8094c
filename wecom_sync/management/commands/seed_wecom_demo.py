"""Connects a demo with the stand-in beside it, so that a newcomer can try the synchronization without a corp."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from core.actors import SystemActor
from orgs.models import Node
from orgs.services import dimensions
from wecom_sync.models import Chain, Connection
from wecom_sync.standin.control import READS
from wecom_sync.standin.generate import Sizes
from wecom_sync.standin.state import Limits, State

BY = SystemActor("demo")
SEED = 1
NAME = "模拟企业微信（示例）"
TARGET = "模拟上下游（示例）"


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO and settings.WECOM_ALLOW_LOOPBACK) or Connection.objects.exists():
            return
        told = READS["connections"](State(SEED, Sizes(), Limits()))["upstreams"][0]
        one = Connection(name=NAME, corp_id=told["corpid"], agent_id=told["agentid"])
        one.keep_secret(told["secret"])
        one.keep_callback(told["token"], told["aes_key"])
        one.save()
        target = Node.objects.filter(name=TARGET, parent=None).first() or dimensions.create(
            by=BY, fields={"name": TARGET}
        )
        for chain_id in told["chains"]:
            Chain.objects.create(
                connection=one,
                chain_id=chain_id,
                name=TARGET,
                target=target,
                owned=list(Chain.KEEPS),
            )
        self.stdout.write(f"{NAME}: /console/sync/")
