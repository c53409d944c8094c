"""Invariant check "messages" (SECURITY part 4, I12): numbers without gaps, marks within them, groups of one kind."""

from typing import Final

from django.db import connection

CHECKS: Final = {
    "conversation {0} does not number its messages from 1 to the last without a gap": """
        SELECT c.id FROM im_conversation c
        LEFT JOIN (SELECT conversation_id, count(*) AS n, min(seq) AS first, max(seq) AS last
                   FROM im_message GROUP BY conversation_id) m ON m.conversation_id = c.id
        WHERE c.last_seq <> coalesce(m.n, 0) OR c.last_seq <> coalesce(m.last, 0)
           OR c.last_seq > 0 AND m.first <> 1""",
    "member {0} has a mark beyond what was said, or before he came": """
        SELECT p.id FROM im_participant p JOIN im_conversation c ON c.id = p.conversation_id
        WHERE p.read_seq > c.last_seq OR p.mention_seq > c.last_seq OR p.from_seq > p.read_seq""",
    "group {0} has external people without an organization, or an organization without them": """
        SELECT c.id FROM im_conversation c WHERE c.kind = 'group' AND (c.organization_id IS NOT NULL) <> EXISTS (
            SELECT FROM im_participant p
            WHERE p.conversation_id = c.id AND p.left_at IS NULL AND p.identity_id IS NOT NULL)""",
    "group {0} goes on without exactly one owner of its staff": """
        SELECT c.id FROM im_conversation c WHERE c.kind = 'group' AND c.ended_at IS NULL AND 1 <> (
            SELECT count(*) FROM im_participant p
            WHERE p.conversation_id = c.id AND p.is_owner AND p.left_at IS NULL AND p.identity_id IS NULL)""",
    "group {0} holds more than 200 people": """
        SELECT conversation_id FROM im_participant p JOIN im_conversation c ON c.id = p.conversation_id
        WHERE c.kind = 'group' AND p.left_at IS NULL GROUP BY conversation_id HAVING count(*) > 200""",
    "conversation {0} is none of two, or has what only a group has": """
        SELECT c.id FROM im_conversation c WHERE c.kind <> 'group' AND (
            c.organization_id IS NOT NULL OR c.title <> '' OR c.ended_at IS NOT NULL
            OR (SELECT count(*) FROM im_participant p WHERE p.conversation_id = c.id AND p.left_at IS NULL)
               <> CASE c.kind WHEN 'direct' THEN 2 ELSE 1 END
            OR EXISTS (SELECT FROM im_participant p
                       WHERE p.conversation_id = c.id AND (p.is_owner OR p.from_seq > 0)))""",
    "member {0} speaks as an identity without being external, or the reverse": """
        SELECT p.id FROM im_participant p JOIN im_conversation c ON c.id = p.conversation_id
        JOIN accounts_user u ON u.id = p.user_id
        WHERE c.kind <> 'system' AND (u.kind = 'external') <> (p.identity_id IS NOT NULL)""",
    "message {0} mentions somebody who was never a member": """
        SELECT m.id FROM im_message m CROSS JOIN LATERAL unnest(m.mentions) AS u(id)
        WHERE m.mentions <> '{}' AND u.id <> 0 AND NOT EXISTS (
            SELECT FROM im_participant p WHERE p.conversation_id = m.conversation_id AND p.user_id = u.id)""",
    "message {0} was recalled and still says something": """
        SELECT id FROM im_message WHERE recalled_at IS NOT NULL
        AND (body <> '' OR words <> '' OR attachment_id IS NOT NULL OR mentions <> '{}')""",
}


def problems(*, limit: int = 20) -> list[str]:
    """Sentences naming what does not fit; empty when sound."""
    found: list[str] = []
    with connection.cursor() as cursor:
        for sentence, query in CHECKS.items():
            cursor.execute(f"{query} LIMIT {int(limit)}")
            found += [f"messages: {sentence.format(row[0])}" for row in cursor.fetchall()]
    return found
