"""The numbers of scope counts follow every write of the scope closure, whoever writes it."""

from django.db import migrations

COUNTED = """
CREATE FUNCTION contacts_scope_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO contacts_scopecount (node_id, every, live)
        SELECT node_id, count(*), count(*) FILTER (WHERE live) FROM added GROUP BY node_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO contacts_scopecount (node_id, every, live)
        SELECT node_id, -count(*), -(count(*) FILTER (WHERE live)) FROM gone GROUP BY node_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_scope_added AFTER INSERT ON contacts_contactscope
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION contacts_scope_counted();
CREATE TRIGGER contacts_scope_gone AFTER DELETE ON contacts_contactscope
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION contacts_scope_counted();
CREATE TRIGGER contacts_scope_changed AFTER UPDATE ON contacts_contactscope
    REFERENCING OLD TABLE AS gone NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION contacts_scope_counted();
CREATE FUNCTION contacts_everybody_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contacts_scopecount (node_id, every, live)
        SELECT 0, count(*), 0 FROM added HAVING count(*) > 0;
    ELSE
        INSERT INTO contacts_scopecount (node_id, every, live)
        SELECT 0, -count(*), 0 FROM gone HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contacts_search_added AFTER INSERT ON contacts_contactsearch
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION contacts_everybody_counted();
CREATE TRIGGER contacts_search_gone AFTER DELETE ON contacts_contactsearch
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION contacts_everybody_counted();
"""
UNCOUNTED = """
DROP TRIGGER contacts_scope_added ON contacts_contactscope;
DROP TRIGGER contacts_scope_gone ON contacts_contactscope;
DROP TRIGGER contacts_scope_changed ON contacts_contactscope;
DROP TRIGGER contacts_search_added ON contacts_contactsearch;
DROP TRIGGER contacts_search_gone ON contacts_contactsearch;
DROP FUNCTION contacts_scope_counted();
DROP FUNCTION contacts_everybody_counted();
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0005_scope_counts")]

    operations = [migrations.RunSQL(COUNTED, UNCOUNTED)]
