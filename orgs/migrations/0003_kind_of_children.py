"""A node that changes its kind must still suit what stands below it (SPEC ORG-1)."""

from django.db import migrations

BODY = """
CREATE OR REPLACE FUNCTION orgs_node_kind_rule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above smallint;
BEGIN
    IF NEW.parent_id IS NOT NULL THEN
        SELECT kind INTO above FROM orgs_node WHERE id = NEW.parent_id;
        IF NOT ((NEW.kind = 1 AND above IN (0, 1)) OR (NEW.kind = 2 AND above IN (1, 2))) THEN
            RAISE EXCEPTION 'a node of kind % cannot stand under kind %', NEW.kind, above
                USING ERRCODE = 'check_violation', CONSTRAINT = 'orgs_node_kind_rule';
        END IF;
    END IF;
    {children}
    RETURN NULL;
END $$;
"""
CHILDREN = """
    IF TG_OP = 'UPDATE' AND OLD.kind <> NEW.kind AND EXISTS (
        SELECT 1 FROM orgs_node c WHERE c.parent_id = NEW.id AND NOT (
            (c.kind = 1 AND NEW.kind IN (0, 1)) OR (c.kind = 2 AND NEW.kind IN (1, 2)))) THEN
        RAISE EXCEPTION 'a node of kind % cannot keep what stands below it', NEW.kind
            USING ERRCODE = 'check_violation', CONSTRAINT = 'orgs_node_kind_rule';
    END IF;
"""


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_kind_rules")]

    operations = [migrations.RunSQL(BODY.format(children=CHILDREN), BODY.format(children=""))]
