"""A request as one of the roles, and its answer in the words of the matrix."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.matrix.routes import Row
from tests.matrix.world import Matrix

Objects = dict[str, dict[str, Any]]


def url(row: Row, objects: Objects, role: str) -> str:
    """The address of a row for the objects of a role."""
    args = [arg[1:] if arg.startswith("=") else objects[arg][role] for arg in row.args]
    try:
        return reverse(row.name, args=args) + (f"?{row.query}" if row.query else "")
    except NoReverseMatch as error:
        raise AssertionError(f"{row}: args {args} do not fit the URL") from error


def filled(value: Any, objects: Objects, role: str) -> Any:
    """ "@contact" in the data of a row stands for the object of that kind; a file is made anew for each request."""
    if isinstance(value, list):
        return [filled(one, objects, role) for one in value]
    if isinstance(value, str) and value.startswith("@"):
        found = objects[value[1:]][role]
        return found() if callable(found) else found
    return value


def undone(row: Row, matrix: Matrix, role: str, *, outside: bool = False) -> HttpResponse:
    """The answer to a request whose effects are rolled back, so that each role finds the same world."""
    objects = matrix.outside if outside else matrix.inside
    with transaction.atomic():
        client = matrix.session(role, Client(raise_request_exception=False))
        call = getattr(client, row.method.lower())
        data = {key: filled(value, objects, role) for key, value in row.data.items()}
        address = url(row, objects, role)
        response: HttpResponse = call(address, data) if row.method == "POST" else call(address)
        transaction.set_rollback(True)
    return response


def to_login(response: HttpResponse) -> bool:
    return response.status_code == 401 or (
        response.status_code == 302
        and response.headers["Location"].startswith(reverse("accounts:login"))
    )


def verdict(response: HttpResponse, accepts: tuple[int, ...] = ()) -> str:
    """The answer in the words of the matrix."""
    if to_login(response):
        return "L"
    if response.status_code in (403, 404):
        return {403: "3", 404: "4"}[response.status_code]
    if response.status_code < 400 or response.status_code in accepts:
        return "allowed"
    return "broken"
