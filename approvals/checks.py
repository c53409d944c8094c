"""Invariant check "accounts" (SECURITY part 4, I2 and I4): applications, accounts and credentials fit together."""

from typing import Final

from django.db import connection

CHECKS: Final = {
    "contact {0} has an account state that its login does not match": """
        SELECT id FROM contacts_contact
        WHERE (account IN ('opening', 'active')) <> (user_id IS NOT NULL)""",
    "login {0} is open but belongs to no contact: somebody has a second account": """
        SELECT u.id FROM accounts_user u
        WHERE u.kind = 'external' AND u.is_active
          AND NOT EXISTS (SELECT 1 FROM contacts_contact c WHERE c.user_id = u.id)""",
    "contact {0} is waiting without a pending application, or has one without waiting": """
        SELECT c.id FROM contacts_contact c
        LEFT JOIN approvals_application a ON a.contact_id = c.id AND a.status = 'pending'
        WHERE (c.account = 'pending') <> (a.id IS NOT NULL)""",
    "application {0} is pending for a deleted or disabled contact": """
        SELECT a.id FROM approvals_application a JOIN contacts_contact c ON c.id = a.contact_id
        WHERE a.status = 'pending' AND (c.deleted_at IS NOT NULL OR NOT c.enabled)""",
    "application {0} is approved without exactly one issue of credentials of its own": """
        SELECT a.id FROM approvals_application a
        LEFT JOIN accounts_initialsecret s ON s.id = a.secret_id
        WHERE a.status = 'approved'
          AND (s.id IS NULL OR s.issue_key <> 'application:' || a.id)""",
    "application {0} has credentials without being approved": """
        SELECT id FROM approvals_application WHERE status <> 'approved' AND secret_id IS NOT NULL""",
    "application {0} has a decider who is applicant, beneficiary or not staff": """
        SELECT a.id FROM approvals_application a JOIN contacts_contact c ON c.id = a.contact_id
        JOIN accounts_user u ON u.id = a.decided_by_id
        WHERE u.kind <> 'staff' OR u.id = a.applicant_id OR u.id = c.user_id""",
    "application {0} is decided without a decider and a time, or has one without being decided": """
        SELECT id FROM approvals_application
        WHERE (status IN ('approved', 'refused')) <> (decided_by_id IS NOT NULL)
           OR (status <> 'pending') <> (decided_at IS NOT NULL)""",
    "application {0} has not exactly one decision in the audit trail": """
        SELECT a.id FROM approvals_application a
        WHERE a.status IN ('approved', 'refused') AND 1 <> (
            SELECT count(*) FROM core_auditentry e
            WHERE e.object_type = 'approvals.application' AND e.object_id = a.id::text
              AND e.action IN ('application.approve', 'application.refuse')
              AND e.actor_id = a.decided_by_id::text)""",
    "login {0} was made by two applications": """
        SELECT s.user_id FROM approvals_application a JOIN accounts_initialsecret s ON s.id = a.secret_id
        GROUP BY s.user_id HAVING count(*) > 1""",
}


def problems(*, limit: int = 20) -> list[str]:
    """Sentences naming what does not fit; empty when sound."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for sentence, query in CHECKS.items():
            cursor.execute(f"{query} LIMIT {int(limit)}")
            found += [f"accounts: {sentence.format(row[0])}" for row in cursor.fetchall()]
    return found
