"""Every cell of the matrix, asked of the running product: inside the scope and outside of it."""

import pytest
from django.db import transaction
from django.test import Client

from tests.matrix.asking import undone, url, verdict
from tests.matrix.routes import Row, rows
from tests.matrix.world import ROLES, Matrix, login

pytestmark = pytest.mark.django_db
BY_NAME = {str(row): row for row in rows()}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def wrong(row: Row, matrix: Matrix, role: str) -> str:
    """What differs from the cell, or ""."""
    cell = row.cells[role]
    if cell == "-":
        return ""
    response = undone(row, matrix, role)
    if len(cell) == 3:
        found = response.status_code
        return "" if found == int(cell) else f"{found} instead of {cell}"
    expected = cell if cell in ("3", "4", "L") else "allowed"
    if verdict(response, row.accepts) != expected:
        return f"inside: {response.status_code} instead of {cell}"
    if cell in ("S", "O") and row.has_outside:
        other = undone(row, matrix, role, outside=True)
        return "" if verdict(other) == "4" else f"outside: {other.status_code} instead of 4"
    return ""


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_cells(name: str, matrix: Matrix) -> None:
    row = BY_NAME[name]
    differences = {role: found for role in ROLES if (found := wrong(row, matrix, role))}
    assert not differences


@pytest.mark.parametrize("name", sorted({row.name for row in rows()}))
def test_other_methods_are_refused(name: str, matrix: Matrix) -> None:
    """What the matrix does not list is answered 405, for somebody who may do what it lists."""
    mine = [row for row in rows() if row.name == name]
    role = "EC" if mine[0].cells["SA"] in ("3", "4", "-") else "SA"
    address = url(mine[0], matrix.inside, role)
    answers = {}
    for method in METHODS - {row.method for row in mine}:
        with transaction.atomic():
            client = login(Client(raise_request_exception=False), matrix.people[role])
            answers[method] = getattr(client, method.lower())(address).status_code
            transaction.set_rollback(True)
    assert {method: code for method, code in answers.items() if code not in (404, 405)} == {}
