"""One exchange over HTTP: wechatpy's generic client with time-outs, a limit in size and time, and no redirects.

Whatever happens comes back as a value. Nothing is raised, because the exceptions of the libraries carry the address
with the secret or the token in it (SECURITY T68).
"""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

from requests import ConnectionError as ConnectionFailed
from requests import ConnectTimeout, PreparedRequest, RequestException, Response, Session, Timeout
from requests.auth import AuthBase
from urllib3.exceptions import NewConnectionError
from wechatpy.client.base import BaseWeChatClient
from wechatpy.exceptions import WeChatClientException

from wecom_sync.gateway.hosts import Place

SECRETS: Final = re.compile(
    r"(corpsecret|access_token|code|response_code|user_ticket)=[^&\s\"']+", re.IGNORECASE
)


class _Masked(logging.Filter):
    """The connection pool writes each address at level DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = SECRETS.sub(r"\1=***", record.getMessage()), None
        return True


_masked = _Masked()
for _name in ("urllib3.connectionpool", "urllib3.util.retry", "wechatpy.client.base"):
    logging.getLogger(_name).addFilter(_masked)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, how often and how fast. Seconds; `per_minute` calls of one API by one corp, 0 for as fast as it goes.

    WeCom allows 10,000 a minute (doc 90454); whose quota a downstream token eats is not known, so all count as the
    upstream corp's.
    """

    connect: float = 5.0
    read: float = 20.0
    total: float = 60.0
    tries: int = 3
    pause: float = 0.5
    per_minute: int = 9000
    largest: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trouble:
    """No answer: a word of codes.TROUBLE. `sent`: the other side may have acted on it."""

    word: str
    sent: bool = True


Answer = dict[str, Any]


class _Nobody(AuthBase):
    """Before a .netrc of the machine, which requests would read."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        return request


class _Client(BaseWeChatClient):  # type: ignore[misc]  # wechatpy has no types
    """The library's client without its token handling, its endless retry and its silent non-answers."""

    def __init__(self, place: Place, patience: Patience) -> None:
        super().__init__("", auto_retry=False)
        self.API_BASE_URL = f"{place.api}/cgi-bin/"
        self.patience = patience
        self._http = Session()
        self._http.auth = _Nobody()
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._http.trust_env = not place.loopback

    def _handle_result(self, res: Response, *_args: Any, **_kwargs: Any) -> Answer | Trouble:
        return _read(res, self.patience)

    def close(self) -> None:
        self._http.close()


class Transport:
    """The way to one WeCom. `alone`: over a connection of its own, for what must not be sent twice."""

    def __init__(self, place: Place, patience: Patience) -> None:
        self.place, self.patience = place, patience
        self._client = _Client(place, patience)

    def exchange(
        self, api: str, params: dict[str, Any], body: Any = None, *, alone: bool = False
    ) -> Answer | Trouble:
        client = _Client(self.place, self.patience) if alone else self._client
        options: dict[str, Any] = {
            # Pairs: into a dict without a token the library would put one of its own making.
            "params": list(params.items()), "timeout": (self.patience.connect, self.patience.read),
            "allow_redirects": False, "stream": True,
        }  # fmt: skip
        try:
            if body is None:
                answer: Answer | Trouble = client.get(api, **options)
            else:
                answer = client.post(api, data=body, **options)
        except (RequestException, WeChatClientException, ValueError) as error:
            answer = _trouble(error)
        finally:
            if alone:
                client.close()
        return answer


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, WeChatClientException):
        error.response.close()
        return Trouble("http")
    if isinstance(error, ConnectTimeout):
        return Trouble("unreachable", sent=False)
    if isinstance(error, Timeout):
        return Trouble("timeout")
    if isinstance(error, ConnectionFailed):
        reason = getattr(error.args[0], "reason", None) if error.args else None
        if isinstance(reason, NewConnectionError):
            return Trouble("unreachable", sent=False)
        return Trouble("timeout" if "timed out" in str(reason or error) else "broken")
    return Trouble("broken")


def _read(response: Response, patience: Patience) -> Answer | Trouble:
    """The body as an answer: status 200, one JSON object with an errcode, in bounds of size and time."""
    ends, parts, size = time.monotonic() + patience.total, [], 0
    with response:
        if response.status_code != 200:
            return Trouble("http")
        for part in response.iter_content(65536):
            parts.append(part)
            size += len(part)
            if size > patience.largest:
                return Trouble("garbled")
            if time.monotonic() > ends:
                return Trouble("timeout")
    try:
        answer = json.loads(b"".join(parts))
        answer["errcode"] = int(answer["errcode"])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        return Trouble("garbled")
    return answer if isinstance(answer, dict) else Trouble("garbled")
