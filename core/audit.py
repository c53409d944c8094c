"""The audit trail: one row per change, in the transaction of the change, masked, chained afterwards (SPEC OPS-3)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, models, transaction

from core import context
from core.actors import Actor
from core.models import AuditEntry, AuditHead

SEAL_LOCK = 72_001
# Rows read at once by the walk over the chain.
CHUNK = 5000
# Values of these keys never enter the trail, whoever passes them (SECURITY T37, T38).
SECRET_KEYS = frozenset(
    {"password", "secret", "token", "credential", "ciphertext", "initial_password"}
)
MASKED_KEYS = frozenset({"mobile", "email", "telephone"})
COPIED = (
    "action", "actor_kind", "actor_id", "actor_label", "object_type", "object_id", "object_label",
    "dimension_id", "before", "after", "ip", "request_id", "previous_hash", "hash",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to one object, for record_many()."""

    object_id: int | str
    label: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    dimension_id: int | None = None


def record(
    *,
    action: str,
    obj: models.Model,
    by: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    dimension_id: int | None = None,
    label: str | None = None,
) -> AuditEntry:
    """Writes the audit row of one change. Call it inside the transaction of the change.

    `action` is "noun.verb" ("contact.create"); `before`/`after` hold only the changed fields, JSON-able or str()-able.
    Raises RuntimeError outside a transaction: a row that could outlive a rollback is worse than none.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record() must run inside the transaction of the change")
    here = context.current()
    return AuditEntry.objects.create(
        action=action,
        actor_kind=by.actor_kind,
        actor_id=by.actor_id,
        actor_label=by.actor_label[:200],
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        object_label=(label if label is not None else str(obj))[:300],
        dimension_id=dimension_id,
        before=_clean(before or {}),
        after=_clean(after or {}),
        ip=here.ip,
        request_id=here.request_id,
    )


def record_many(
    *, action: str, model: type[models.Model], by: Actor, changes: Iterable[Change]
) -> None:
    """The same as record() for many objects of one kind at once, written by one COPY.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit.record_many() must run inside the transaction of the changes")
    here = context.current()
    actor = (by.actor_kind, by.actor_id, by.actor_label[:200])
    with (
        connection.cursor() as cursor,
        cursor.cursor.copy(f"COPY core_auditentry ({', '.join(COPIED)}) FROM STDIN") as copy,
    ):
        for one in changes:
            row = (
                action, *actor, model._meta.label_lower, str(one.object_id), one.label[:300], one.dimension_id,
                json.dumps(_clean(one.before)), json.dumps(_clean(one.after)), here.ip, here.request_id, "", "",
            )  # fmt: skip
            copy.write_row(row)


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two mappings reduced to the keys whose values differ."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


def history(
    *, obj: models.Model, limit: int = 50, before_id: int | None = None
) -> "models.QuerySet[AuditEntry]":
    """Newest rows about one object. The caller has already decided that the reader may see the object."""
    rows = AuditEntry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    if before_id:
        rows = rows.filter(id__lt=before_id)
    return rows.order_by("-id")[:limit]


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _clean_value(key, value) for key, value in values.items()}


def _clean_value(key: str, value: Any) -> Any:
    if key in SECRET_KEYS:
        return "•••"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean_value(key, item) for item in value]
    if isinstance(value, Mapping):
        return _clean(value)
    text = str(value)
    return _mask(text) if key in MASKED_KEYS else text[:2000]


def _mask(text: str) -> str:
    if len(text) <= 4:
        return "*" * len(text)
    name, at, host = text.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{text[: len(text) - 8]}****{text[-4:]}" if len(text) > 8 else f"****{text[-4:]}"


def digest(entry: AuditEntry, *, seq: int, previous: str) -> str:
    """SHA-256 over the previous hash and every column of the row, in a fixed JSON form."""
    body = json.dumps(
        [
            seq, previous, entry.id, entry.at.isoformat(), entry.action, entry.actor_kind, entry.actor_id,
            entry.actor_label, entry.object_type, entry.object_id, entry.object_label, entry.dimension_id,
            entry.before, entry.after, entry.ip, entry.request_id,
        ],
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(body.encode()).hexdigest()


@transaction.atomic
def seal(*, limit: int = 5000) -> int:
    """Lays the hash chain over committed rows that have none yet; returns how many.

    One sealer at a time (advisory lock); writers never wait for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEAL_LOCK])
        row = cursor.fetchone()
    if not row or not row[0]:
        return 0
    head, _ = AuditHead.objects.get_or_create(id=1)
    seq, previous = head.seq, head.hash
    entries = list(AuditEntry.objects.filter(seq__isnull=True).order_by("id")[:limit])
    for entry in entries:
        seq += 1
        entry.seq, entry.previous_hash = seq, previous
        entry.hash = previous = digest(entry, seq=seq, previous=previous)
    _write_chain(entries)
    AuditHead.objects.filter(id=1).update(seq=seq, hash=previous)
    return len(entries)


def _write_chain(entries: list[AuditEntry]) -> None:
    # One UPDATE, not one CASE for each row: after an import tens of thousands wait.
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE sealed (id bigint, at timestamptz, seq bigint, previous_hash text, hash text)"
            " ON COMMIT DROP"
        )
        with cursor.cursor.copy("COPY sealed FROM STDIN") as copy:
            for entry in entries:
                copy.write_row([entry.id, entry.at, entry.seq, entry.previous_hash, entry.hash])
        cursor.execute(
            "UPDATE core_auditentry e SET seq = s.seq, previous_hash = s.previous_hash, hash = s.hash"
            " FROM sealed s WHERE e.id = s.id AND e.at = s.at"
        )
        cursor.execute("DROP TABLE sealed")


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain breaks first; str() is a sentence for the shell. `entry_id` is None where no row is left."""

    kind: str  # "altered", "missing", "beyond" or "cut"
    seq: int
    entry_id: int | None = None
    found: int = 0

    def __str__(self) -> str:
        return {
            "altered": f"audit row id {self.entry_id} (seq {self.seq}) was altered",
            "missing": f"audit row with seq {self.seq} is missing (found {self.found}, id {self.entry_id})",
            "beyond": f"audit row id {self.entry_id} (seq {self.seq}) stands after the end of the chain",
            "cut": f"audit rows after seq {self.seq - 1} are missing (the chain ended at {self.found})",
        }[self.kind]


def verify() -> Broken | None:
    """Walks the whole chain; returns the first altered, missing or forged row, or None. Rows that are sealed meanwhile
    are left to the next walk.
    """
    # In this order: what is sealed in between stands before the end that is read afterwards.
    top = AuditEntry.objects.filter(seq__isnull=False).order_by("-seq").first()
    last = AuditHead.objects.filter(id=1).first() or AuditHead()
    if top is not None and (top.seq or 0) > last.seq:
        return Broken("beyond", top.seq or 0, top.id)
    previous, expected = "0" * 64, 1
    while expected <= last.seq:
        rows = AuditEntry.objects.filter(seq__gte=expected, seq__lt=expected + CHUNK)
        found = list(rows.filter(seq__lte=last.seq).order_by("seq", "id"))
        for entry in found:
            if entry.seq != expected:
                return Broken("missing", expected, entry.id, entry.seq or 0)
            if entry.previous_hash != previous or entry.hash != digest(
                entry, seq=expected, previous=previous
            ):
                return Broken("altered", expected, entry.id)
            previous, expected = entry.hash, expected + 1
        if not found:
            return _gap(expected, last.seq)
    return None if previous == last.hash else Broken("cut", expected, None, last.seq)


def _gap(expected: int, last: int) -> Broken:
    following = AuditEntry.objects.filter(seq__gt=expected, seq__lte=last).order_by("seq").first()
    if following is None:
        return Broken("cut", expected, None, last)
    return Broken("missing", expected, following.id, following.seq or 0)
