"""Nothing that a role may not see stands in any answer it gets: pages, fragments, headers, search, choosers."""

import difflib
import re
from urllib.parse import quote

import pytest
from django.test import Client

from core.reading import pinyin
from tests.matrix.routes import Row
from tests.matrix.world import SEATS, Matrix
from tests.security.asking import DEEP, STEP, addresses, clients, doors, get, showing, text_of
from tests.security.canary import Canaries

pytestmark = pytest.mark.django_db
LEVELS = ("", "level=all", "status=all", "only=all", "purpose=create", "kind=both")
Address = tuple[Row, str]


@pytest.fixture(scope="module")
def searches(matrix: Matrix, canaries: Canaries) -> list[Address]:
    """Addresses whose answer depends on `q`, for somebody who may see everything or for an external person."""
    found = []
    for role in ("SA", "EC"):
        client = clients(matrix)[role]
        for row in showing():
            address = (
                "" if [arg for arg in row.args if arg[0] != "="] else next(addresses(row, matrix))
            )
            known: set[str] = set()
            for level in LEVELS if address else ():
                wanted = f"{address.partition('?')[0]}?{level}&q="
                everything, nothing = shape(client, wanted, ""), shape(client, wanted, "qqqq")
                if everything != nothing and everything.replace(level, "") not in known:
                    found.append((row, wanted))
                known.add(everything.replace(level, ""))
                if not DEEP and everything == nothing and 'name="q"' not in everything:
                    break  # neither searched nor with a field to search in
    return found


@pytest.mark.parametrize("role", SEATS)
def test_no_page_says_what_the_role_may_not_see(
    role: str, matrix: Matrix, canaries: Canaries
) -> None:
    client, leaks = clients(matrix)[role], set()
    seen: set[str] = set()
    for row in showing():
        for address in addresses(row, matrix, role):
            response = get(client, address)
            answers = [response]
            seen |= canaries.held(text_of(response))
            if "HX-Request" in response.headers.get("Vary", "") and response.status_code == 200:
                answers.append(get(client, address, fragment=True))
            for answer in answers:
                assert answer.status_code < 500 or row.name == "readyz", address
                found = canaries.leaked(role, text_of(answer), besides=address)
                leaks |= {f"{row.name}: {leak}" for leak in found}
    assert not leaks
    assert role != "SA" or _most_are_read(canaries, seen)
    own = [word for word, may in canaries.words.items() if may == {role}]
    assert role not in matrix.identities or seen.issuperset(own), "each identity reads its own"


@pytest.mark.parametrize("role", ["DM", "CR", "SV", "SP", "EC"])
def test_no_side_door_says_it_either(role: str, matrix: Matrix, canaries: Canaries) -> None:
    client, leaks = clients(matrix)[role], set()
    for address in doors(matrix):
        response = get(client, address, fragment="?c=" in address)
        assert response.status_code < 500, address
        leaks |= {
            f"{address}: {leak}"
            for leak in canaries.leaked(role, text_of(response), besides=address)
        }
    assert not leaks


def _most_are_read(canaries: Canaries, seen: set[str]) -> bool:
    """Finding nothing proves nothing unless those who may read the words do read many of them."""
    mine = {word for word, may in canaries.words.items() if "SA" in may}
    return len(mine & seen) > len(mine) // 3


def hidden_queries(role: str, canaries: Canaries) -> list[tuple[str, str]]:
    """What finds hidden things, and what of the same shape finds nothing at all.

    Whoever knows the whole number of a person he sees finds him by it; by a part beyond the shown digits nobody does.
    """
    found = []
    for name, may in canaries.names.items():
        if role not in may:
            reading = pinyin(name)
            key = "".join(re.findall(r"[a-z]+", reading.sort_key))
            found += [(name[:2], "龘靐"), (key, "q" * len(key)), (reading.initials, "qqq")]
    hidden = [(number, seen) for number, (seen, may) in canaries.mobiles.items() if role not in may]
    for number, seen in hidden[:2] + hidden[-2:]:
        found.append((number[3:], "77777777"))
        if role not in seen:
            found += [(number, "19777777777"), (number[-4:], "7777")]
    return list(dict.fromkeys(found))


def shape(client: Client, address: str, query: str) -> str:
    """The answer without what was asked, tokens and numbers of the request."""
    text = text_of(get(client, f"{address}{quote(query)}", fragment=True))
    if query:
        text = text.replace(quote(query), "").replace(query, "")
    text = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", text)
    text = re.sub(r"(?i)(X-Request-Id|Set-Cookie|X-CSRFToken|Content-Length|Expires).*", "", text)
    return re.sub(r'name="client_id" value="[^"]*"', "", text)


@pytest.mark.parametrize("role", ["DM", "CR", "SV", "SP", "EC", "E2"])
def test_searching_for_hidden_things_answers_as_for_nothing(
    role: str, matrix: Matrix, canaries: Canaries, searches: list[Address]
) -> None:
    """Name, beginning, pinyin, initials, last digits: neither a hit nor a count nor a suggestion (SECURITY T10)."""
    client, different = clients(matrix)[role], set()
    queries = hidden_queries(role, canaries)
    for number, (row, address) in enumerate(searches):
        if get(client, address).status_code >= 400:
            continue
        nothing: dict[str, str] = {}
        for query, control in queries[number % STEP :: STEP]:
            if control not in nothing:
                nothing[control] = shape(client, address, control)
            found = shape(client, address, query)
            if found != nothing[control]:
                lines = difflib.unified_diff(nothing[control].splitlines(), found.splitlines(), n=0)
                different.add(f"{row.name} {address}{query}: {' '.join(lines)[:500]}")
    assert searches
    assert not different
