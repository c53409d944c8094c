"""Indexes for searching the trail: by what it is about, by IP, by time."""

from django.db import migrations, models
from django.db.models import CharField, F, Func, Value

INDEXES = {
    "core_audit_noun": "(split_part(action, '.', 1)), id DESC",
    "core_audit_ip": "ip, id DESC",
    "core_audit_at": "at, id",
}


def build(apps, schema_editor):
    """PostgreSQL cannot build an index of a partitioned table concurrently: each partition gets its own, which is then
    attached. Safe to repeat after a stop; a partition made meanwhile brings its own."""
    with schema_editor.connection.cursor() as cursor:
        for name, columns in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON ONLY core_auditentry ({columns})")
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'core_auditentry'::regclass"
                " AND inhrelid NOT IN (SELECT indrelid FROM pg_index JOIN pg_inherits i ON i.inhrelid = indexrelid"
                " WHERE i.inhparent = %s::regclass)",
                [name],
            )
            for (part,) in cursor.fetchall():
                own = part.replace("core_auditentry", name)
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {own}")
                cursor.execute(f"CREATE INDEX CONCURRENTLY {own} ON {part} ({columns})")
                cursor.execute(f"ALTER INDEX {name} ATTACH PARTITION {own}")


def drop(apps, schema_editor):
    for name in INDEXES:
        schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


def noun():
    parts = (F("action"), Value("."), Value(1))
    return Func(*parts, function="split_part", output_field=CharField())


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("core", "0001_initial")]

    operations = [
        # By itself: what only prints the SQL leaves Python out.
        migrations.RunPython(build, drop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    "auditentry", models.Index(noun(), F("id").desc(), name="core_audit_noun")
                ),
                migrations.AddIndex(
                    "auditentry", models.Index(fields=["ip", "-id"], name="core_audit_ip")
                ),
                migrations.AddIndex(
                    "auditentry", models.Index(fields=["at", "id"], name="core_audit_at")
                ),
            ],
        ),
    ]
