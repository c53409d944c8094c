"""A new URL without a row in the matrix fails the build."""

from tests.matrix.routes import names, rows
from tests.matrix.world import ROLES

DEVELOPMENT = {"styleguide:"}  # answers only under DEBUG


def test_every_url_name_has_a_row_and_every_row_a_url() -> None:
    listed = {row.name for row in rows()}
    known = {name for name in names() if not name.startswith(tuple(DEVELOPMENT))}
    assert known - listed == set(), "no row in tests/matrix/routes for these"
    assert listed - known == set(), "rows without a URL"


def test_every_row_has_a_cell_for_every_role_and_stands_once() -> None:
    assert all(set(row.cells) == set(ROLES) for row in rows())
    keys = [str(row) for row in rows()]
    assert len(keys) == len(set(keys))


def test_a_row_that_leaves_cells_out_says_why() -> None:
    assert not [str(row) for row in rows() if "-" in row.cells.values() and not row.why]
    assert not [str(row) for row in rows() if row.accepts and not row.why]


def test_every_row_names_its_row_of_the_matrix() -> None:
    assert not [str(row) for row in rows() if row.row not in range(1, 62)]
