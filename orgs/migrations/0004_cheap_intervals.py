"""Rows whose interval is shifted stay on their page and out of the indexes (docs/adr/0009)."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # an index goes without keeping writers out

    dependencies = [("orgs", "0003_kind_of_children")]

    operations = [
        RemoveIndexConcurrently(model_name="node", name="orgs_node_interval_idx"),
        migrations.RunSQL(
            "ALTER TABLE orgs_node SET (fillfactor = 50)",
            "ALTER TABLE orgs_node RESET (fillfactor)",
        ),
    ]
