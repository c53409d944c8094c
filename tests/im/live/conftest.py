from __future__ import annotations

import pytest

from accounts.models import User
from im import services
from im.models import Conversation
from im.reach import Party
from tests.im import world


@pytest.fixture
def talk(zhou: User, stranger: User) -> Conversation:
    """Between two of staff: the servers of these tests ask the real directory, in which both see each other."""
    world.sees(Party(zhou.pk), Party(stranger.pk), both=True)
    return services.open_direct(by=zhou, other=Party(stranger.pk))
