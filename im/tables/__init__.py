"""What the templates show: lines of a thread, rows of the list, days and times."""

from im.models import Rhythm
from im.tables.details import (
    Choice,
    Details,
    Question,
    choices,
    chosen,
    details,
    ending,
    handing,
    leaving,
    naming,
    people_url,
    removal,
)
from im.tables.lines import Line, Lines, line, news_context, page_lines, thread_context
from im.tables.listing import Listing, listing
from im.tables.moments import day_label, list_time
from im.tables.places import new_client_id, url
from im.tables.shared import SharedFiles, SharedLine, shared_files

RHYTHMS = Rhythm.choices

__all__ = [
    "RHYTHMS",
    "Choice",
    "Details",
    "Line",
    "Lines",
    "Listing",
    "Question",
    "SharedFiles",
    "SharedLine",
    "choices",
    "chosen",
    "day_label",
    "details",
    "ending",
    "handing",
    "leaving",
    "line",
    "list_time",
    "listing",
    "naming",
    "new_client_id",
    "news_context",
    "page_lines",
    "people_url",
    "removal",
    "shared_files",
    "thread_context",
    "url",
]
