"""In whose name the worker does something, and until when (SECURITY T45, T46)."""

from typing import Any

from django.utils.translation import gettext as _

from core.errors import Hidden


def owner_of(job: Any) -> Any:
    """Who asked for a job (`owner`, `epoch`), as he is now; asked for with every step of what is done in his name.

    Raises Hidden when everything of his was ended meanwhile, whatever was enabled since.
    """
    people = type(job)._meta.get_field("owner").related_model._default_manager
    found = people.filter(pk=job.owner_id, session_epoch=job.epoch).first()
    if found is None:
        raise Hidden(_("Your access was ended meanwhile. Start it again"))
    return found
