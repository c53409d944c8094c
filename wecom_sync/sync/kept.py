"""What a chain's policy keeps on our rows: forms show it locked, services refuse to change it by hand.

Of several chains that see one record the first decides about its name, and about the place of an organization; each
that keeps the place of a person moves him (as in sql.py).
"""

from django.db import connection as database
from django.db import transaction

from wecom_sync.models import Chain, Connection

KEPT = (
    """UPDATE orgs_node n SET kept = w.kept FROM (
           SELECT DISTINCT ON (p.node_id) p.node_id, concat_ws(' ',
               CASE WHEN CASE WHEN p.key LIKE 'd:%%' THEN 'department_name' ELSE 'org_name' END = ANY(c.owned)
                    THEN 'name' END, CASE WHEN 'place' = ANY(c.owned) THEN 'place' END) AS kept
           FROM wecom_sync_remoteplace p JOIN wecom_sync_chain c ON c.id = p.chain_id
           WHERE p.gone_at IS NULL AND p.node_id IN (
               SELECT o.node_id FROM wecom_sync_remoteplace o JOIN wecom_sync_chain h ON h.id = o.chain_id
               WHERE h.connection_id = %s AND o.gone_at IS NULL) ORDER BY p.node_id, p.id) w
       WHERE n.id = w.node_id AND n.kept <> w.kept""",
    """UPDATE contacts_contact t SET kept = w.kept FROM (
           SELECT a.contact_id, concat_ws(' ',
               CASE WHEN (array_agg(a.name ORDER BY a.id))[1] THEN 'name' END,
               CASE WHEN bool_or(a.place) THEN 'place' END) AS kept
           FROM (
               SELECT DISTINCT ON (p.id) p.id, p.contact_id, 'name' = ANY(c.owned) AS name,
                   'place' = ANY(c.owned) AS place
               FROM wecom_sync_remoteperson p
               JOIN wecom_sync_remoteplace o ON o.key = 'c:' || p.corp_id
               JOIN wecom_sync_chain c ON c.id = o.chain_id AND c.connection_id = p.connection_id
               WHERE p.gone_at IS NULL AND p.contact_id IN (
                   SELECT contact_id FROM wecom_sync_remoteperson WHERE connection_id = %s AND gone_at IS NULL)
               ORDER BY p.id, c.id) a
           GROUP BY a.contact_id) w
       WHERE t.id = w.contact_id AND t.kept <> w.kept""",
)


@transaction.atomic
def refresh(connection: Connection) -> None:
    """Writes the policies of all chains of a connection on what is linked to them; one statement a table."""
    with database.cursor() as cursor:
        for statement in KEPT:
            cursor.execute(statement, [connection.pk])


def words_of(chain: Chain) -> str:
    """What is kept of a new place of the chain."""
    names = ["name"] if {"org_name", "department_name"} <= set(chain.owned) else []
    return " ".join([*names, *(["place"] if "place" in chain.owned else [])])


def words_of_person(chain: Chain) -> str:
    """What is kept of a new contact of the chain."""
    return " ".join(word for word in ("name", "place") if word in chain.owned)
