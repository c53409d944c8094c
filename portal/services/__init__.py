"""What external people change about themselves; the registry of apps and to whom they are open."""

from portal.services.apps import create_app, delete_app, edit_app, shift_app
from portal.services.openings import close, follow_merge, open_app
from portal.services.own import OWN_FIELDS, change_picture, update_profile

__all__ = [
    "OWN_FIELDS",
    "change_picture",
    "close",
    "create_app",
    "delete_app",
    "edit_app",
    "follow_merge",
    "open_app",
    "shift_app",
    "update_profile",
]
