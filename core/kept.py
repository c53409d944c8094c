"""What a synchronization keeps of a row, as words in its column `kept` ("name place")."""

from typing import Final

from django.utils.translation import gettext_lazy

from core.errors import Denied

SENTENCE: Final = gettext_lazy("This is synchronized from WeCom. Change it there")


def is_kept(kept: str, word: str) -> bool:
    """Whether a synchronization keeps this of a row."""
    return word in kept.split()


def refuse_kept(kept: str, *words: str) -> None:
    """Raises Denied when a person changes what a synchronization would change back (SPEC WEC-1)."""
    if set(kept.split()).intersection(words):
        raise Denied(SENTENCE, code="kept")
