"""Kind rules of the tree in the database (SPEC ORG-1)."""

from django.db import migrations

RULES = """
CREATE FUNCTION orgs_node_kind_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above smallint;
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT kind INTO above FROM orgs_node WHERE id = NEW.parent_id;
        IF NOT ((NEW.kind = 1 AND above IN (0, 1)) OR (NEW.kind = 2 AND above IN (1, 2))) THEN
            RAISE EXCEPTION 'a node of kind % cannot stand under kind %', NEW.kind, above
                USING ERRCODE = 'check_violation', CONSTRAINT = 'orgs_node_kind_rule';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER orgs_node_kind_rule AFTER INSERT OR UPDATE OF parent_id, kind ON orgs_node
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION orgs_node_kind_rule();
"""


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_initial")]

    operations = [
        migrations.RunSQL(
            RULES,
            "DROP TRIGGER orgs_node_kind_rule ON orgs_node; DROP FUNCTION orgs_node_kind_rule()",
        ),
    ]
