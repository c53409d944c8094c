from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from im.channels.push import key_pair
from tests.matrix.world import Matrix, build
from tests.security.canary import Canaries, plant


@pytest.fixture(scope="module")
def matrix(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Matrix]:
    """The world of the permission matrix for one module, in a transaction that never commits."""
    with django_db_blocker.unblock(), transaction.atomic():
        key_pair()  # drawn once for the site; each answer that is undone would draw another
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def canaries(matrix: Matrix, django_db_blocker: DjangoDbBlocker) -> Canaries:
    """The same world with a unique word in every text of everything that somebody may not see."""
    with django_db_blocker.unblock():
        return plant(matrix)
