import pytest

from tests.matrix.world import Matrix, build


@pytest.fixture
def matrix(db: None) -> Matrix:
    """A fresh world; every request may change it."""
    return build()
