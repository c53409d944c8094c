"""The gateway to 企业微信: the only place that speaks to it. Typed in, typed out; it knows no models.

    gateway = Gateway(Credentials(corpid="ww…", agentid=1000002, secret="…"))
    gateway.check()                                   # the connection test: raises what is wrong, in plain words
    for chain in gateway.chains():
        for group in gateway.groups(chain.id):        # the list of corps is not recursive: ask for each group
            corps = gateway.corps(chain.id, group.id)
    for share in gateway.shares():                    # no share, no people, though the corp has joined
        corp = gateway.downstream(share)              # its own token; mobile numbers never come
        agent = corp.agent()                          # visible range: departments, single people, tags
        for department in corp.departments():         # a forest: parents may be hidden
            people = corp.members(department.id)      # of this department alone
        people += tuple(corp.member(userid) for userid in agent.userids)

A listing is complete or raises. Permanent: show `sentence` to a person and do as `reaction` says. Retryable: come back
after `after` seconds. Neither ever means that somebody has left. `gateway.calls` counts calls per API.

Callbacks: `open_echo` answers the check of the address, `open_event` gives a typed event or raises CallbackRefused;
`is_signed` tells cheaply whether looking is worth it.
"""

from wecom_sync.gateway.answers import (
    Agent,
    Chain,
    Corp,
    CorpDetail,
    Credentials,
    Department,
    DepartmentNode,
    Group,
    Identity,
    Member,
    Rule,
    Sent,
    Share,
    Tag,
)
from wecom_sync.gateway.callbacks import CallbackKey, Signed, is_signed, open_echo, open_event
from wecom_sync.gateway.cards import Button, Card
from wecom_sync.gateway.client import Downstream, Gateway
from wecom_sync.gateway.directory import Directory
from wecom_sync.gateway.errors import CallbackRefused, Permanent, Reaction, Retryable, WeComError
from wecom_sync.gateway.events import (
    CardPressed,
    ChainChanged,
    ContactChanged,
    Event,
    JobDone,
    RangeChanged,
    ShareChanged,
)
from wecom_sync.gateway.transport import Patience

__all__ = [
    "Agent",
    "Button",
    "CallbackKey",
    "CallbackRefused",
    "Card",
    "CardPressed",
    "Chain",
    "ChainChanged",
    "ContactChanged",
    "Corp",
    "CorpDetail",
    "Credentials",
    "Department",
    "DepartmentNode",
    "Directory",
    "Downstream",
    "Event",
    "Gateway",
    "Group",
    "Identity",
    "JobDone",
    "Member",
    "Patience",
    "Permanent",
    "RangeChanged",
    "Reaction",
    "Retryable",
    "Rule",
    "Sent",
    "Share",
    "ShareChanged",
    "Signed",
    "Tag",
    "WeComError",
    "is_signed",
    "open_echo",
    "open_event",
]
