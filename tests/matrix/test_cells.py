"""Every cell of the matrix, asked of the running product: inside the scope and outside of it."""

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.matrix.routes import Row, rows
from tests.matrix.world import ROLES, Matrix, login

BY_NAME = {str(row): row for row in rows()}


def url(row: Row, objects: dict[str, dict[str, object]], role: str) -> str:
    args = [arg[1:] if arg.startswith("=") else objects[arg][role] for arg in row.args]
    try:
        return reverse(row.name, args=args) + (f"?{row.query}" if row.query else "")
    except NoReverseMatch as error:
        raise AssertionError(f"{row}: args {args} do not fit the URL") from error


def ask(row: Row, matrix: Matrix, role: str, *, outside: bool = False) -> HttpResponse:
    objects = matrix.outside if outside else matrix.inside
    client = login(Client(raise_request_exception=False), matrix.people[role])
    data = {key: fill(value, objects, role) for key, value in row.data.items()}
    call = getattr(client, row.method.lower())
    return (
        call(url(row, objects, role), data)
        if row.method == "POST"
        else call(url(row, objects, role))
    )


def fill(value: object, objects: dict[str, dict[str, object]], role: str) -> object:
    """ "@contact" in the data of a row stands for the object of that kind."""
    if isinstance(value, str) and value.startswith("@"):
        return objects[value[1:]][role]
    return value


def to_login(response: HttpResponse) -> bool:
    return response.status_code == 401 or (
        response.status_code == 302
        and response.headers["Location"].startswith(reverse("accounts:login"))
    )


def verdict(response: HttpResponse) -> str:
    """The answer in the words of the matrix."""
    if to_login(response):
        return "L"
    if response.status_code in (403, 404):
        return {403: "3", 404: "4"}[response.status_code]
    if response.status_code < 500 and response.status_code != 405:
        return "allowed"
    return f"broken ({response.status_code})"


def undone(row: Row, matrix: Matrix, role: str, *, outside: bool = False) -> HttpResponse:
    """The answer to a request whose effects are rolled back, so that each role finds the same world."""
    with transaction.atomic():
        response = ask(row, matrix, role, outside=outside)
        transaction.set_rollback(True)
    return response


def wrong(row: Row, matrix: Matrix, role: str) -> str:
    """What differs from the cell, or ""."""
    cell = row.cells[role]
    if cell == "-":
        return ""
    response = undone(row, matrix, role)
    if len(cell) == 3:
        return (
            "" if response.status_code == int(cell) else f"{response.status_code} instead of {cell}"
        )
    expected = cell if cell in ("3", "4", "L") else "allowed"
    if verdict(response) != expected:
        return f"inside: {verdict(response)} ({response.status_code}) instead of {cell}"
    if cell in ("S", "O") and any(not arg.startswith("=") for arg in row.args):
        other = undone(row, matrix, role, outside=True)
        return (
            ""
            if verdict(other) == "4"
            else f"outside: {verdict(other)} ({other.status_code}) instead of 4"
        )
    return ""


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_cells(name: str, matrix: Matrix) -> None:
    row = BY_NAME[name]
    differences = {role: found for role in ROLES if (found := wrong(row, matrix, role))}
    assert not differences


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_other_methods_are_refused(name: str, matrix: Matrix) -> None:
    """What the matrix does not list is answered 405, for the one who may do everything."""
    row = BY_NAME[name]
    listed = {other.method for other in rows() if other.name == row.name}
    client = login(Client(raise_request_exception=False), matrix.people["SA"])
    role = "SA"
    if row.cells["SA"] in ("3", "4", "-"):
        role = "EC"
        client = login(Client(raise_request_exception=False), matrix.people["EC"])
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - listed:
        answer = getattr(client, method.lower())(url(row, matrix.inside, role))
        assert answer.status_code in (405, 404), f"{method} {answer.status_code}"
