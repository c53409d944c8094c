"""What the rows of one file must not say against each other."""

from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from contacts.import_format import ParsedRow, printed
from core.importing.rows import RowError, row_error

ADDED: Final = ("organization_tags", "organization_owners")
"""Columns whose values from several rows of one organization add up."""


@dataclass(slots=True)
class FileChecks:
    """What the rows of one file must not say against each other; feed it row by row, in order.

    Memory: one entry for each person and organization.
    """

    _codes: dict[str, int] = field(default_factory=dict)
    _mobiles: dict[str, int] = field(default_factory=dict)
    _people: dict[tuple[str, tuple[str, ...], str], int] = field(default_factory=dict)
    _code_of: dict[str, tuple[str, int]] = field(default_factory=dict)
    _organization_of: dict[str, tuple[str, int]] = field(default_factory=dict)
    _details_of: dict[tuple[str, str], tuple[Any, int]] = field(default_factory=dict)

    def check(self, parsed: ParsedRow) -> list[RowError]:
        """The errors of this row against those before it; a row with errors is not remembered."""
        errors = self._organization_errors(parsed) + self._detail_errors(parsed)
        errors += self._person_errors(parsed)
        if not errors:
            self._remember(parsed)
        return errors

    def _organization_errors(self, parsed: ParsedRow) -> list[RowError]:
        code, name = parsed.organization_code, parsed.organization
        if not code:
            return []
        other, row = self._organization_of.get(code.lower(), (name, 0))
        if other != name:
            text = format_lazy(_("Row {row} uses this code for {name}"), row=row, name=other)
            return [row_error(parsed.row, "organization_code", code, "conflict", text)]
        other, row = self._code_of.get(name, (code, 0))
        if other.lower() != code.lower():
            text = format_lazy(
                _("Row {row} gives {name} the code {code}"), row=row, name=name, code=other
            )
            return [row_error(parsed.row, "organization_code", code, "conflict", text)]
        return []

    def _detail_errors(self, parsed: ParsedRow) -> list[RowError]:
        errors = []
        for key, value in parsed.details.items():
            other, row = self._details_of.get((parsed.organization, key), (value, 0))
            if other != value and key not in ADDED:
                text = _("Row {row} says something else about {name}")
                reason = format_lazy(text, row=row, name=parsed.organization)
                errors.append(row_error(parsed.row, key, printed(value), "conflict", reason))
        return errors

    def _person_errors(self, parsed: ParsedRow) -> list[RowError]:
        errors = []
        text = _("Row {row} has the same")
        for key, value, seen in (
            ("code", parsed.code, self._codes.get(parsed.code.lower())),
            ("mobile", parsed.mobile, self._mobiles.get(parsed.mobile)),
        ):
            if value and seen:
                errors.append(
                    row_error(parsed.row, key, value, "duplicate", format_lazy(text, row=seen))
                )
        twin = self._people.get((parsed.organization, parsed.department, parsed.name))
        if twin and parsed.name and not (parsed.code or parsed.mobile or parsed.email):
            text = _(
                "Row {row} has the same name there; give a code, mobile or e-mail to tell them apart"
            )
            errors.append(
                row_error(parsed.row, "name", parsed.name, "duplicate", format_lazy(text, row=twin))
            )
        return errors

    def _remember(self, parsed: ParsedRow) -> None:
        row, name = parsed.row, parsed.organization
        if parsed.organization_code:
            self._organization_of.setdefault(parsed.organization_code.lower(), (name, row))
            self._code_of.setdefault(name, (parsed.organization_code, row))
        for key, value in parsed.details.items():
            self._details_of.setdefault((name, key), (value, row))
        if parsed.code:
            self._codes.setdefault(parsed.code.lower(), row)
        if parsed.mobile:
            self._mobiles.setdefault(parsed.mobile, row)
        if parsed.name:
            self._people.setdefault((name, parsed.department, parsed.name), row)
