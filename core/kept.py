"""What a synchronization keeps of a row, as words in its column `kept` ("name place")."""

from django.utils.translation import gettext as _

from core.errors import Denied


def refuse_kept(kept: str, *words: str) -> None:
    """Raises Denied when a person changes what a synchronization would change back (SPEC WEC-1)."""
    if set(kept.split()).intersection(words):
        raise Denied(_("This is synchronized from WeCom. Change it there"), code="kept")
