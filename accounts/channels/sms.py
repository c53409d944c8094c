"""Text messages, through the HTTP gateway of the installation (docs/sms-gateway.md)."""

import time
from typing import Any

from django.conf import settings
from requests import PreparedRequest, RequestException, Session
from requests.auth import AuthBase

from accounts.channels.letters import Later, Letter, Refused
from accounts.models import InitialSecret, User

CONNECT_SECONDS, ANSWER_SECONDS = 5, 10
# At once and with the same mark; after that the worker comes back, each time a little later, with a new link.
TRIES, PAUSE_SECONDS = 2, 1.0
FOR_GOOD = frozenset({400, 410, 422})


class _Token(AuthBase):
    """Before everything else that requests may find, such as a .netrc."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = f"Bearer {settings.SMS['token']}"
        return request


class Sms:
    """To the mobile kept with the login."""

    key = str(InitialSecret.Channel.SMS)

    def reaches(self, user: User) -> bool:
        return bool(settings.SMS and user.mobile)

    def send(self, letter: Letter) -> None:
        """Raises Refused where the gateway never will take it, Later where it did not take it now."""
        for number in range(TRIES):
            status = _posted(letter)
            if status in FOR_GOOD:
                raise Refused(f"the SMS gateway answered {status}")
            if 200 <= status < 300:
                return
            if number + 1 < TRIES:
                time.sleep(PAUSE_SECONDS)
        raise Later(f"the SMS gateway answered {status or 'nothing'}")


def _posted(letter: Letter) -> int:
    """The status of the answer, 0 without one. What it says beside that is not read."""
    body: dict[str, Any] = {
        "to": letter.user.mobile,
        "template": letter.template,
        "language": letter.user.language or settings.LANGUAGE_CODE,
        "parameters": letter.values,
    }
    with Session() as session:
        session.trust_env = not settings.SMS[
            "loopback"
        ]  # a proxy of the machine leads nowhere near
        try:
            answer = session.post(
                settings.SMS["url"], json=body, auth=_Token(), headers={"Idempotency-Key": letter.mark},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS), allow_redirects=False, stream=True,
            )  # fmt: skip
        except RequestException:
            return 0
        answer.close()
        return int(answer.status_code)
