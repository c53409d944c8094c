"""No request ends in a fault of ours: 200 random ones as each role, 2,000 with DEEP=1 (issue "Must show")."""

import os
import traceback
from typing import Any

import pytest
from django.db import transaction

from tests.matrix.world import ROLES, Matrix
from tests.security.asking import clients
from tests.security.fuzz import Asked, Fuzzer

pytestmark = pytest.mark.django_db
DEEP = os.environ.get("DEEP", "").lower() in {"1", "true", "yes"}
REQUESTS = 2000 if DEEP else 200
SEED = int(os.environ.get("FUZZ_SEED", "20261122"))
# One failing role tells enough; the rest of its faults are found after mending the first ones.
ENOUGH = 12


def explained(number: int, asked: Asked, response: Any) -> str:
    info = getattr(response, "exc_info", None)
    trace = "".join(traceback.format_exception(*info)[-3:]) if info else ""
    return f"#{number} {response.status_code} {asked!r}\n{trace}"


@pytest.mark.parametrize("role", ROLES)
def test_no_request_ends_in_a_fault(role: str, matrix: Matrix) -> None:
    client, fuzzer = clients(matrix)[role], Fuzzer(SEED + ROLES.index(role), matrix, role)
    faults: list[str] = []
    answered = 0
    for number in range(REQUESTS):
        with transaction.atomic():
            asked = fuzzer.request()
            response = asked.send(client)
            transaction.set_rollback(True)
        answered += response.status_code < 400
        if response.status_code >= 500 and "readyz" not in asked.path:
            faults.append(explained(number, asked, response))
    faults = faults[:ENOUGH]
    assert not faults, f"FUZZ_SEED={SEED}, role {role}:\n" + "\n\n".join(faults)
    # Requests that are all refused at the door would prove nothing.
    assert answered > REQUESTS // 20
