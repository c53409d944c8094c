"""Counts what stands in the scope closure already; nobody writes it meanwhile."""

from django.db import migrations

COUNT = """
LOCK TABLE contacts_contactscope, contacts_contactsearch IN SHARE MODE;
DELETE FROM contacts_scopecount;
INSERT INTO contacts_scopecount (node_id, every, live)
SELECT node_id, count(*), count(*) FILTER (WHERE live) FROM contacts_contactscope GROUP BY node_id
UNION ALL SELECT 0, count(*), 0 FROM contacts_contactsearch HAVING count(*) > 0;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0006_scope_counts_kept")]

    operations = [migrations.RunSQL(COUNT, migrations.RunSQL.noop)]
