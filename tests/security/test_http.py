"""What every answer says to the browser: not kept, no inline code, no sniffing, safe cookies; and who gets none."""

import re
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from portal.gate import PUBLIC
from tests.factories.accounts import PASSWORD
from tests.matrix.asking import undone, url
from tests.matrix.routes import Row, rows
from tests.matrix.world import ROLES, Matrix, login
from tests.security.asking import clients, get, showing, text_of

pytestmark = pytest.mark.django_db
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:", "font-src 'self'",
    "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "manifest-src 'self'",
    "worker-src 'self'",
}  # fmt: skip
INLINE = re.compile(
    r"""<script(?![^>]*\ssrc=)(?![^>]*application/json)[^>]*>\s*\S|\sstyle=["']|<style|\son\w+=["']|javascript:"""
)
WRITES = re.compile(r'^\s*(?:INSERT|UPDATE|DELETE)\b[^"]*"(\w+)"')
# Files of people: nothing in them may run, and they need nothing of ours.
FILES = {f"{place}:{name}" for place in ("im", "portal-im") for name in ("file", "preview")}
FILE_POLICY = {
    "default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "sandbox",
}  # fmt: skip
# Pictures may stay in the browser, to be asked for again each time.
PICTURES = {"contacts:photo", "portal:photo", *FILES}


@dataclass(frozen=True)
class Answer:
    """What one address answers to one role, and how much of it was written or asked of the database."""

    role: str
    row: Row
    address: str
    response: HttpResponse
    written: frozenset[str]

    def __str__(self) -> str:
        return f"{self.role} {self.row.name}"


@pytest.fixture(scope="module")
def answers(matrix: Matrix, django_db_blocker: DjangoDbBlocker) -> list[Answer]:
    """The first address of every row, as each of four roles."""
    found = []
    with django_db_blocker.unblock():
        people = clients(matrix)
        for role in ("SA", "CR", "EC", "AN"):
            for row in showing():
                address = url(row, matrix.inside, role)
                with CaptureQueriesContext(connection) as queries:
                    response = get(people[role], address)
                hits = (WRITES.match(query["sql"]) for query in queries)
                found.append(
                    Answer(
                        role, row, address, response, frozenset(hit.group(1) for hit in hits if hit)
                    )
                )
    return found


def test_no_page_of_a_person_is_kept(answers: list[Answer]) -> None:
    wrong = []
    for one in (one for one in answers if one.role != "AN"):
        row, answer = one.row, one.response
        kept = answer.headers.get("Cache-Control", "")
        fine = (
            "no-cache" in kept and "private" in kept
            if row.name in PICTURES and answer.status_code == 200
            else "no-store" in kept
        )
        if not fine:
            wrong.append(f"{one} {answer.status_code}: {kept!r}")
    assert not wrong


def test_every_answer_forbids_inline_code_framing_and_sniffing(answers: list[Answer]) -> None:
    wrong = []
    for one in answers:
        answer = one.response
        policy = set(answer.headers.get("Content-Security-Policy", "").split("; "))
        is_file = one.row.name in FILES and answer.status_code == 200
        wanted = FILE_POLICY if is_file else POLICY
        expected = {
            "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
        }  # fmt: skip
        missing = {key for key, value in expected.items() if answer.headers.get(key) != value}
        if (
            policy != wanted
            or missing
            or answer.headers.get("Referrer-Policy") not in ("same-origin", "no-referrer")
        ):
            wrong.append(f"{one}: {policy ^ wanted} {missing}")
    assert not wrong


def test_no_page_has_inline_code(answers: list[Answer]) -> None:
    wrong = set()
    for one in answers:
        if one.response.headers.get("Content-Type", "").startswith("text/html"):
            wrong |= {f"{one}: {hit}" for hit in INLINE.findall(one.response.content.decode())}
    assert not wrong


def test_pages_that_answer_pieces_say_so_to_caches(matrix: Matrix, answers: list[Answer]) -> None:
    people, wrong = clients(matrix), []
    for one in (
        one for one in answers if one.role in ("SA", "EC") and one.response.status_code == 200
    ):
        if "<html" not in text_of(one.response):
            continue
        piece = get(people[one.role], one.address, fragment=True)
        if "<html" not in text_of(piece):
            varies = [answer.headers.get("Vary", "") for answer in (one.response, piece)]
            if not all("HX-Request" in vary for vary in varies):
                wrong.append(f"{one}: {varies}")
    assert not wrong


def test_anonymous_visitors_reach_the_public_list_alone(matrix: Matrix) -> None:
    reached = set()
    for row in rows():
        answer = undone(row, matrix, "AN")
        if not (
            answer.status_code == 302
            and answer.headers["Location"].startswith(reverse("accounts:login"))
        ):
            reached.add(row.name)
    assert reached == set(PUBLIC)


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(matrix: Matrix) -> None:
    person = matrix.people["CR"]
    assert person is not None
    with transaction.atomic():
        client = Client()
        seen = dict(client.get(reverse("accounts:login")).cookies)
        seen |= client.post(
            reverse("accounts:login"), {"username": person.username, "password": PASSWORD}
        ).cookies
        seen |= client.post(
            reverse("accounts:preferences"), {"language": "en", "theme": "dark"}
        ).cookies
        transaction.set_rollback(True)
    assert settings.SESSION_COOKIE_NAME in seen
    assert settings.CSRF_COOKIE_NAME in seen
    loose = [
        name
        for name, cookie in seen.items()
        if not cookie["httponly"] or cookie["samesite"] not in ("Lax", "Strict")
    ]
    assert not loose


def test_production_cookies_are_bound_to_the_host() -> None:
    """With an https BASE_URL the names begin with __Host- and the flags are set (config/settings.py)."""
    text = (settings.BASE_DIR / "config" / "settings.py").read_text(encoding="utf-8")
    for line in (
        'SESSION_COOKIE_NAME = "__Host-wl-session" if HTTPS', 'CSRF_COOKIE_NAME = "__Host-wl-csrf" if HTTPS',
        "SESSION_COOKIE_SECURE = HTTPS", "CSRF_COOKIE_SECURE = HTTPS", "SECURE_HSTS_SECONDS = 31536000 if HTTPS",
    ):  # fmt: skip
        assert line in text


def test_a_log_in_makes_a_new_session(matrix: Matrix) -> None:
    person = matrix.people["CR"]
    assert person is not None
    with transaction.atomic():
        client = login(Client(), matrix.people["SP"])
        client.post(reverse("accounts:logout"))
        client.get(reverse("accounts:login"))
        before = client.cookies.get(settings.SESSION_COOKIE_NAME)
        client.post(reverse("accounts:login"), {"username": person.username, "password": PASSWORD})
        after = client.cookies[settings.SESSION_COOKIE_NAME].value
        transaction.set_rollback(True)
    assert after
    assert before is None or before.value != after


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        r"/\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
    ],
)
def test_nobody_is_sent_to_another_site(target: str, matrix: Matrix) -> None:
    person = matrix.people["CR"]
    assert person is not None
    with transaction.atomic():
        client = Client()
        data = {"username": person.username, "password": PASSWORD, "next": target}
        places = [
            client.post(f"{reverse('accounts:login')}?next={target}", data).headers["Location"],
            client.get(f"{reverse('accounts:login')}?next={target}").headers["Location"],
            client.post(reverse("accounts:preferences"), {"theme": "dark", "next": target}).headers[
                "Location"
            ],
        ]
        transaction.set_rollback(True)
    assert not [place for place in places if "evil" in place or "javascript" in place]


def test_every_change_asks_for_the_token(matrix: Matrix) -> None:
    """A request from another site changes nothing (SECURITY T51). Where other systems come with a token of their own,
    the session that a browser would send along counts for nothing.
    """
    accepted = []
    for row in (row for row in rows() if row.method == "POST"):
        role = "EC" if row.name.startswith(("portal:", "portal-im:")) else "SA"
        with transaction.atomic():
            client = login(Client(enforce_csrf_checks=True), matrix.people[role])
            answer = client.post(url(row, matrix.inside, role), {})
            transaction.set_rollback(True)
        refused = 401 if row.name.startswith("portal-api:") else 403
        if answer.status_code != refused:
            accepted.append(f"{row}: {answer.status_code}")
    assert not accepted


def test_looking_changes_nothing(answers: list[Answer]) -> None:
    """No GET writes anything but the moment its session was last used."""
    assert not {
        f"{one}: {table}" for one in answers for table in one.written - {"accounts_session"}
    }


@pytest.mark.parametrize("role", ["DM", "CR", "SV", "SP", "EC"])
def test_hidden_is_answered_exactly_like_missing(role: str, matrix: Matrix) -> None:
    """The same page, byte for byte, for what may not be seen and for what does not exist (SECURITY T13)."""
    client, different = clients(matrix)[role], []
    for row in showing():
        kinds = [arg for arg in row.args if not arg.startswith("=")]
        if row.cells[role] not in ("S", "O", "4") or not kinds or kinds[0] in ("issue", "app_key"):
            continue
        args = ["=999999" if arg == kinds[0] else arg for arg in row.args]
        missing = url(
            Row(row.name, row.method, row.row, row.cells, tuple(args)), matrix.outside, role
        )
        hidden = url(row, matrix.outside, role)
        texts = [_plain(get(client, address), address) for address in (hidden, missing)]
        if texts[0] != texts[1]:
            different.append(f"{row.name} {hidden}")
    assert not different


def _plain(answer: HttpResponse, address: str) -> str:
    text = re.sub(
        r"(?i)(X-Request-Id|Set-Cookie|X-CSRFToken|Expires).*|value=\"\w{64}\"", "", text_of(answer)
    )
    for piece in (address, quote(address), quote(address, safe="")):
        text = text.replace(piece, "#")
    return re.sub(r"Content-Length: .*", "", text)


def test_addresses_beside_the_known_ones_are_missing(matrix: Matrix) -> None:
    """Debug pages, the admin of the framework, media by path (matrix rows 60, 61)."""
    people = clients(matrix)
    paths = (
        "/admin/",
        "/media/avatars/matrix.webp",
        "/static/../config/settings.py",
        "/metrics",
        "/styleguide/",
        "/__debug__/",
        "/.git/config",
    )
    found = []
    for role in ROLES:
        for path in paths:
            if (code := get(people[role], path).status_code) not in (404, 302, 400) or (
                code == 302 and role not in ("AN", "DX")
            ):
                found.append(f"{role} {path} {code}")
    assert not found


@pytest.mark.parametrize(
    "path", ["/contacts/?q=%00", "/console/staff/?q=a%00", "/credentials/a%00/", "/%00"]
)
def test_a_null_character_is_refused_at_the_door(path: str, matrix: Matrix) -> None:
    """PostgreSQL takes none in a text, so no view needs to look for it."""
    for role in ("SA", "EC", "AN"):
        answer = get(clients(matrix)[role], path)
        assert answer.status_code == 400
        assert answer.headers["Content-Security-Policy"]
