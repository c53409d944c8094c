"""What leaves about a card is asked of the same right as the card itself (SECURITY T58; matrix row 51)."""

import pytest
from django.conf import settings
from django.utils.module_loading import import_string

from tests.matrix.asking import undone, verdict
from tests.matrix.routes import rows
from tests.matrix.world import STAFF, Matrix

pytestmark = pytest.mark.django_db
CARDS = {row.name: row for row in rows() if row.method == "GET"}


def test_every_card_has_a_reader() -> None:
    assert set(settings.IM_CARDS) == set(settings.IM_CARD_READERS)


@pytest.mark.parametrize("kind", sorted(settings.IM_CARDS))
def test_a_reader_says_what_the_door_of_the_card_says(kind: str, matrix: Matrix) -> None:
    row = CARDS[settings.IM_CARDS[kind]]
    (arg,) = row.args
    readable, different, seen = import_string(settings.IM_CARD_READERS[kind]), [], 0
    for role in (*STAFF, "EC"):
        objects = {
            matrix.inside[arg][role]: undone(row, matrix, role),
            matrix.outside[arg][role]: undone(row, matrix, role, outside=True),
        }
        opens = {pk for pk, answer in objects.items() if verdict(answer) == "allowed"}
        seen += len(opens)
        if readable(matrix.people[role], set(objects)) != opens:
            different.append((role, opens))
    assert not different
    assert seen
