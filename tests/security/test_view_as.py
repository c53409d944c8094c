"""Looking at the address book through other eyes opens no other door and shows no word that either may not read."""

import pytest
from django.db import transaction
from django.test import Client

from contacts.middleware import OPEN, WAYS_OUT
from tests.matrix.asking import filled, url
from tests.matrix.routes import Row, rows
from tests.matrix.world import Matrix, login
from tests.security.asking import addresses, doors, get, showing, text_of
from tests.security.canary import Canaries

pytestmark = pytest.mark.django_db


def looking(matrix: Matrix, reader: str, through: str) -> Client:
    """A session of one role that looks through the eyes of another."""
    client = login(Client(raise_request_exception=False), matrix.people[reader])
    person = matrix.people[through]
    assert person
    assert client.post("/contacts/view-as/", {"person": person.pk}).status_code == 303
    return client


def answered(client: Client, row: Row, matrix: Matrix) -> int:
    data = {key: filled(value, matrix.inside, "SA") for key, value in row.data.items()}
    with transaction.atomic():
        ask = getattr(client, row.method.lower())
        address = url(row, matrix.inside, "SA")
        answer = ask(address, data) if row.method == "POST" else ask(address)
        transaction.set_rollback(True)
    return int(answer.status_code)


def test_every_other_address_is_closed(matrix: Matrix) -> None:
    """All addresses, by every method of the matrix, of an administrator: who may do everything may do nothing now."""
    with transaction.atomic():
        client = looking(matrix, "SA", "SV")
        wrong = {}
        for row in rows():
            if row.name in WAYS_OUT:
                continue
            status = answered(client, row, matrix)
            expected = (200, 302) if row.name in OPEN and row.method == "GET" else (403,)
            if status not in expected:
                wrong[str(row)] = status
        transaction.set_rollback(True)
    assert not wrong


@pytest.mark.parametrize("through", ["SA", "CR", "SV"])
def test_no_word_is_shown_that_one_of_both_may_not_read(
    through: str, matrix: Matrix, canaries: Canaries
) -> None:
    lines = [address for row in showing() if row.name in OPEN for address in addresses(row, matrix)]
    cards = [address for address in doors(matrix) if "?c=" in address]
    with transaction.atomic():
        client, leaks, seen = looking(matrix, "DM", through), set(), 0
        for address in lines + cards:
            answer = get(client, address, fragment=address in cards)
            seen += answer.status_code == 200
            for role in ("DM", through):
                found = canaries.leaked(role, text_of(answer), besides=address)
                leaks |= {f"{role} {address}: {leak}" for leak in found}
        transaction.set_rollback(True)
    assert seen > 10
    assert not leaks
