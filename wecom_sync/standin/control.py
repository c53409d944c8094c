"""The control endpoints under /standin/ (see the docstring of the package)."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from wecom_sync.standin import callbacks, mutations
from wecom_sync.standin.faults import Fault
from wecom_sync.standin.state import Message, Refused, State
from wecom_sync.standin.truth import truth
from wecom_sync.standin.world import Upstream

Given = dict[str, Any]


class Control:
    """Carries out what is asked; callbacks leave in order, behind the answer, by a thread of their own."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._waiting: queue.SimpleQueue[tuple[str, callbacks.Push]] = queue.SimpleQueue()
        threading.Thread(target=self._deliver, daemon=True).start()

    def _deliver(self) -> None:
        while True:
            callbacks.deliver(*self._waiting.get())

    def read(self, name: str) -> Given:
        """GET. Raises LookupError for what is not there."""
        with self.state.lock:
            return READS[name](self.state)

    def act(self, name: str, given: Given) -> Given:
        """POST. Raises LookupError for what is not there, ValueError or TypeError for what cannot be done."""
        return {"ok": True} | ACTS[name](self, given)

    def upstream(self, given: Given) -> Upstream:
        return self.state.world.upstream(str(given.get("corpid", "")))

    # --- what can be asked
    def calls(self, _given: Given) -> Given:
        with self.state.lock:
            self.state.calls.clear()
        return {}

    def faults(self, given: Given) -> Given:
        with self.state.lock:
            if given.get("clear"):
                self.state.faults.clear()
            else:
                self.state.faults.append(Fault(**given))
        return {}

    def mutate(self, given: Given) -> Given:
        tell = given.pop("tell", False)
        kind = given.pop("kind")
        with self.state.lock:
            lines, events = mutations.mutate(self.state.world, kind, **given)
        for upstream, fields in events if tell else []:
            if upstream.app.callback:
                text = callbacks.event(fields)
                self._waiting.put(
                    (upstream.app.callback, callbacks.push(upstream.app, upstream.corpid, text))
                )
        return {"changed": lines}

    def callback(self, given: Given) -> Given:
        app, corpid = self.upstream(given).app, self.upstream(given).corpid
        app.callback = str(given["url"])
        return {"verified": callbacks.verify(app.callback, app, corpid)}

    def event(self, given: Given) -> Given:
        """Sends one at once, in this thread."""
        upstream = self.upstream(given)
        fields = {"ToUserName": upstream.corpid, **given.get("about", {})}
        return self._push(upstream, fields, str(given.get("variant", "plain")))

    def _push(self, upstream: Upstream, fields: Given, variant: str) -> Given:
        text = callbacks.event(fields)
        pushes = callbacks.variants(upstream.app, upstream.corpid, text, variant)
        statuses = [callbacks.send(upstream.app.callback, one) for one in pushes]
        return {"status": statuses[-1], "statuses": statuses}

    def press(self, given: Given) -> Given:
        message: Message = self.state.messages[given["msgid"]]
        upstream = self.state.world.upstreams[message.upstream]
        code = f"press-{len(self.state.card_codes)}-{message.msgid}"
        with self.state.lock:
            self.state.card_codes[code] = message.msgid
        fields = {
            "ToUserName": message.corpid, "FromUserName": given["userid"], "Event": "template_card_event",
            "EventKey": given["key"], "TaskId": message.content["task_id"], "CardType": "button_interaction",
            "ResponseCode": code, "AgentID": upstream.app.agentid,
        }  # fmt: skip
        return self._push(upstream, fields, str(given.get("variant", "plain")))

    def code(self, given: Given) -> Given:
        upstream, who = self.upstream(given), str(given.get("who", ""))
        with self.state.lock:
            return {"code": self.state.code(upstream, answer_for(upstream, who))}

    def settings(self, given: Given) -> Given:
        with self.state.lock:
            for name in ("limit", "window", "token_seconds"):
                if name in given:
                    setattr(self.state.limits, name, given[name])
            for name in {"trusted_ips", "closed", "wide"} & given.keys():
                for upstream in self.state.world.upstreams.values():
                    setattr(upstream.app, name, given[name])
            if given.get("kill_tokens"):
                self.state.kill_tokens()
        return {}

    def reset(self, given: Given) -> Given:
        """To the world of the command line, or to one that differs from it as given."""
        seed, sizes = self.state.first
        with self.state.lock:
            self.state.begin(int(given.pop("seed", seed)), replace(sizes, **given))
        return {}


def answer_for(upstream: Upstream, who: str) -> dict[str, str]:
    """What auth/getuserinfo says of somebody: staff, of a downstream corp as CorpId/userid, or nobody of these."""
    if not who:
        return {"openid": "o-somebody-from-outside"}
    corpid, slash, userid = who.partition("/")
    if not slash:
        known = who in upstream.company.people
    else:
        view = upstream.views.get(corpid)
        known = view is not None and view.person(userid) is not None
    if not known:
        raise Refused(60111, "userid not found")
    return {"userid": who}


def _connections(state: State) -> Given:
    return {
        "upstreams": [
            {
                "corpid": one.corpid, "name": one.company.name, "agentid": one.app.agentid,
                "secret": one.app.secret, "token": one.app.token, "aes_key": one.app.aes_key,
                "chains": list(one.chains),
            }
            for one in state.world.upstreams.values()
        ]
    }  # fmt: skip


def _calls(state: State) -> Given:
    calls: defaultdict[str, int] = defaultdict(int)
    by_corp: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (api, corpid), number in state.calls.items():
        calls[api] += number
        by_corp[corpid][api] = number
    return {"calls": dict(calls), "by_corp": dict(by_corp)}


READS: dict[str, Callable[[State], Given]] = {
    "connections": _connections,
    "truth": lambda state: truth(state.world),
    "calls": _calls,
    "faults": lambda state: {"faults": [one.told() for one in state.faults]},
    "messages": lambda state: {"messages": [one.told() for one in state.messages.values()]},
}
ACTS: dict[str, Callable[[Control, Given], Given]] = {
    name: getattr(Control, name)
    for name in (
        "calls", "faults", "mutate", "callback", "event", "press", "code", "settings", "reset",
    )
}  # fmt: skip
