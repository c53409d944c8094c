"""Search in one's own messages: 1,000,000 messages of 2,000 people, asked by an ordinary and by the busiest of them.

python -m bench.message_search     one JSON line for each person and kind of words, milliseconds

Every figure is the median of RUNS searches through im.selectors.search. MESSAGES makes it smaller.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time

from bench.own_site import own_site, python

MESSAGES = int(os.environ.get("MESSAGES", "1000000"))
RUNS = int(os.environ.get("RUNS", "7"))
PEOPLE, GROUPS, MEMBERS = 2_000, 10, 50
TALKS = 38_000  # 2,000 of them with the busiest person, who is in all groups, too

# Eight words of two characters each; a few are common, most are rare.
DRAWN = ", ".join(f"(floor(3000 * power(random(), 4)) + s * 0)::int AS x{n}" for n in range(8))
SAID = " || ".join(f"chr(19968 + x{n}) || chr(19968 + x{n} * 6 %% 20000)" for n in range(8))
FILL = f"""
INSERT INTO im_conversation (kind, key, title, last_seq, last_at, created_at)
SELECT CASE WHEN n <= %(groups)s THEN 'group' ELSE 'direct' END, 'bench:' || n, '',
    CASE WHEN n <= %(groups)s THEN %(of_group)s ELSE %(of_talk)s END, now(), now()
FROM generate_series(1, %(groups)s + %(talks)s) n ORDER BY n;
INSERT INTO im_participant (conversation_id, user_id, read_seq, pinned, muted, is_owner, from_seq, mention_seq)
SELECT c.id, p.user_id, 0, false, false, false, 0, 0 FROM im_conversation c
CROSS JOIN LATERAL (SELECT substr(c.key, 7)::int AS n) k
CROSS JOIN LATERAL (
    SELECT %(first)s + m AS user_id FROM generate_series(0, %(members)s - 1) m WHERE c.kind = 'group'
    UNION SELECT %(first)s + CASE WHEN k.n <= 2010 THEN 0 ELSE k.n %% 1000 + 1 END WHERE c.kind = 'direct'
    UNION SELECT %(first)s + 1001 + k.n / 38 %% 999 WHERE c.kind = 'direct') p;
INSERT INTO im_message (conversation_id, seq, sender_id, client_id, body, words, mentions, event, subjects, card_kind,
    card_ref, created_at)
SELECT c.id, s, %(first)s, 'bench-' || s, '', {SAID}, '{{}}', '', '[]', '', '', now()
FROM im_conversation c CROSS JOIN LATERAL generate_series(1, c.last_seq) s CROSS JOIN LATERAL (SELECT {DRAWN}) x
ORDER BY s, c.id;
UPDATE im_message SET words = words || ' 甲乙丙丁' WHERE id = (SELECT min(m.id) FROM im_message m
    JOIN im_participant p USING (conversation_id) WHERE p.user_id = %(first)s);
"""
WORDS = {
    "1 common character": "SELECT chr(19969)",
    "1 common word": "SELECT chr(19969) || chr(19968 + 6)",
    "1 rare word": "SELECT chr(19968 + 2999) || chr(19968 + 2999 * 6 % 20000)",
    "in the oldest message": "SELECT '甲乙丙丁'",
    "in no message": "SELECT '龘龘'",
}


def main() -> None:
    if sys.argv[1:] == ["inside"]:
        inside()
        return
    with own_site():
        sys.stdout.write(python("-m", "bench.message_search", "inside"))


def inside() -> None:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
    import django  # noqa: PLC0415  settings need the addresses first

    django.setup()
    from django.db import connection  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from im import selectors  # noqa: PLC0415

    users = [User(username=f"bench-{n}", name=f"同事{n}", kind="staff") for n in range(PEOPLE)]
    made = User.objects.bulk_create(users)
    share = MESSAGES // 5 // GROUPS
    values = {
        "groups": GROUPS, "members": MEMBERS, "talks": TALKS, "of_group": share,
        "of_talk": (MESSAGES - share * GROUPS) // TALKS, "first": made[0].pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n")[:-1]:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE im_message, im_participant, im_conversation")
        cursor.execute("SELECT count(*) FROM im_message")
        total = cursor.fetchone()[0]
    for who, user in (("busiest", made[0]), ("ordinary", made[700])):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM im_message JOIN im_participant USING (conversation_id) WHERE user_id = %s",
                [user.pk],
            )
            own = cursor.fetchone()[0]
        for name, sql in WORDS.items():
            with connection.cursor() as cursor:
                cursor.execute(sql)
                q = cursor.fetchone()[0]
            times = []
            for _ in range(RUNS):
                started = time.perf_counter()
                found = selectors.search(user=user, q=q)
                times.append((time.perf_counter() - started) * 1000)
            print(json.dumps({
                "bench": "message_search", "who": who, "words": name, "messages": total, "own": own,
                "found": len(found.messages), "partial": found.partial, "ms": round(statistics.median(times), 1),
                "load": round(os.getloadavg()[0], 1),
            }), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
