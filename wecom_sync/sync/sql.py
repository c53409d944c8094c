"""The statements of plan.py. Temporary tables first: what is known of what was pulled, and who belongs where."""

# A place that joined under another key is the one that was invited with the same custom id (research: wecom-api, 2.2).
KNOWN = """
CREATE TEMP TABLE sync_known ON COMMIT DROP AS
WITH pulled AS (SELECT * FROM wecom_sync_pulledplace WHERE run_id = %(run)s AND chain_id IS NOT NULL),
exact AS (
    SELECT p.chain_id, p.key, r.id AS remote_id FROM pulled p
    JOIN wecom_sync_remoteplace r ON r.chain_id = p.chain_id AND r.key = p.key),
joined AS (
    SELECT DISTINCT ON (p.chain_id, p.key) p.chain_id, p.key, r.id AS remote_id FROM pulled p
    JOIN wecom_sync_remoteplace r ON r.chain_id = p.chain_id AND r.custom_id = p.custom_id AND r.key LIKE 'c:%%'
    WHERE p.custom_id <> '' AND p.key LIKE 'c:%%'
    AND NOT EXISTS (SELECT 1 FROM exact e WHERE (e.chain_id, e.key) = (p.chain_id, p.key))
    AND NOT EXISTS (SELECT 1 FROM exact e WHERE e.remote_id = r.id)
    ORDER BY p.chain_id, p.key, r.gone_at NULLS FIRST, r.id)
SELECT p.chain_id, p.key, p.parent, p.depth, p.name, p."order", p.custom_id, p.share, p.complete, p.message,
       k.remote_id, r.node_id, r.key AS had_key, r.gone_at, r.put_off, r.share AS had_share, r.custom_id AS had_custom
FROM pulled p LEFT JOIN (SELECT * FROM exact UNION ALL SELECT * FROM joined) k USING (chain_id, key)
LEFT JOIN wecom_sync_remoteplace r ON r.id = k.remote_id
"""
# The corps whose members were read to the end, and those that are gone: only these can have lost somebody.
CORPS = """
CREATE TEMP TABLE sync_corps ON COMMIT DROP AS
SELECT substr(key, 3) AS corp_id FROM sync_known WHERE key LIKE 'c:%%' GROUP BY key HAVING bool_and(complete)
UNION SELECT substr(r.key, 3) FROM wecom_sync_remoteplace r JOIN wecom_sync_chain c ON c.id = r.chain_id
WHERE %(listed)s AND c.connection_id = %(connection)s AND r.key LIKE 'c:%%'
AND NOT EXISTS (SELECT 1 FROM sync_known k WHERE k.key = r.key OR k.remote_id = r.id)
"""
WANTED = """
CREATE TEMP TABLE sync_wanted ON COMMIT DROP AS
SELECT p.corp_id, p.user_id, p.name, min(k.chain_id) AS chain_id,
       array_agg(k.key ORDER BY k.chain_id, d.at) AS keys, array_agg(k.chain_id ORDER BY k.chain_id, d.at) AS chains,
       (array_agg(k.node_id ORDER BY k.chain_id, d.at))[1] AS main_node,
       array_agg(DISTINCT k.node_id) FILTER (WHERE k.node_id IS NOT NULL) AS nodes,
       bool_or(k.node_id IS NULL) AS somewhere_new
FROM wecom_sync_pulledperson p CROSS JOIN LATERAL unnest(p.places) WITH ORDINALITY AS d(key, at)
JOIN sync_known k ON k.key = d.key WHERE p.run_id = %(run)s AND p.active GROUP BY p.corp_id, p.user_id, p.name
"""
# Where the people of the connection stand today, as far as the places are its own.
PRESENT = """
CREATE TEMP TABLE sync_present ON COMMIT DROP AS
SELECT r.id AS remote_id, r.corp_id, r.user_id, r.contact_id, r.gone_at, r.put_off,
       c.name, c.enabled, c.deleted_at, c.main_node_id, array_agg(DISTINCT m.node_id ORDER BY m.node_id)
           FILTER (WHERE own.node_id IS NOT NULL) AS nodes,
       bool_or(own.node_id = c.main_node_id) AS main_is_ours,
       (SELECT coalesce(array_agg(DISTINCT x), '{}') FROM wecom_sync_remoteperson o, unnest(o.places) x
        WHERE o.contact_id = c.id AND o.id <> r.id AND o.gone_at IS NULL) AS others,
       EXISTS (SELECT 1 FROM wecom_sync_remoteperson o
               WHERE o.contact_id = c.id AND o.id < r.id AND o.gone_at IS NULL) AS second
FROM wecom_sync_remoteperson r JOIN contacts_contact c ON c.id = r.contact_id
LEFT JOIN contacts_membership m ON m.contact_id = c.id
LEFT JOIN (SELECT DISTINCT p.node_id FROM wecom_sync_remoteplace p JOIN wecom_sync_chain h ON h.id = p.chain_id
           WHERE h.connection_id = %(connection)s) own ON own.node_id = m.node_id
WHERE r.connection_id = %(connection)s GROUP BY r.id, c.id
"""
# An invited corp that vanished while one of its name joined may be that one: a person decides, nothing is taken away.
GONE = """
CREATE TEMP TABLE sync_gone ON COMMIT DROP AS
SELECT r.chain_id, r.key, r.node_id, n.name, n.parent_id, c.leavers,
    (SELECT min(k.key) FROM sync_known k WHERE r.share = 'pending' AND k.chain_id = r.chain_id AND k.remote_id IS NULL
     AND k.name = n.name AND k.share <> 'pending') AS maybe
FROM wecom_sync_remoteplace r JOIN wecom_sync_chain c ON c.id = r.chain_id JOIN orgs_node n ON n.id = r.node_id
WHERE c.connection_id = %(connection)s AND r.gone_at IS NULL AND r.key <> 'left'
AND NOT EXISTS (SELECT 1 FROM sync_known k WHERE k.remote_id = r.id)
AND CASE WHEN r.key LIKE 'd:%%' THEN split_part(substr(r.key, 3), '/', 1) IN (SELECT corp_id FROM sync_corps)
         ELSE %(listed)s END
"""
TABLES = ("sync_known", "sync_corps", "sync_wanted", "sync_present", "sync_gone")
PREPARE = (
    KNOWN, "CREATE INDEX ON sync_known (key)", "ANALYZE sync_known", CORPS, WANTED, PRESENT, GONE,
    "CREATE INDEX ON sync_wanted (corp_id, user_id)", "CREATE INDEX ON sync_present (corp_id, user_id)",
    "ANALYZE sync_corps", "ANALYZE sync_wanted", "ANALYZE sync_present",
)  # fmt: skip

INTO = """
INSERT INTO wecom_sync_planitem
    (run_id, stage, status, chain_id, key, node_id, contact_id, name, before, after, message)
"""
PLACES_ADDED = """
SELECT %(run)s, 2, 'open', k.chain_id, k.key, NULL, NULL, k.name, '{}',
    jsonb_build_object('parent', k.parent, 'share', k.share, 'custom_id', k.custom_id, 'order', k."order"), ''
FROM sync_known k WHERE k.remote_id IS NULL ORDER BY k.chain_id, k.depth, k.key
"""
PLACES_JOINED = """
SELECT %(run)s, 1, 'open', k.chain_id, k.key, k.node_id, NULL, k.name,
    jsonb_build_object('key', k.had_key), jsonb_build_object('key', k.key), ''
FROM sync_known k WHERE k.had_key <> k.key ORDER BY k.chain_id, k.key
"""
PLACES_CHANGED = """
SELECT %(run)s, 3, 'open', d.chain_id, d.key, d.node_id, NULL, d.name,
    jsonb_strip_nulls(jsonb_build_object(
        'name', CASE WHEN d.renamed THEN d.old_name END, 'parent', CASE WHEN d.moved THEN d.old_parent END,
        'order', CASE WHEN d.ordered THEN d.old_order END,
        'share', CASE WHEN d.had_share <> d.share THEN d.had_share END,
        'gone', CASE WHEN d.back THEN true END)),
    jsonb_strip_nulls(jsonb_build_object(
        'name', CASE WHEN d.renamed THEN d.name END, 'parent', CASE WHEN d.moved THEN d.parent END,
        'order', CASE WHEN d.ordered THEN d."order" END,
        'share', CASE WHEN d.had_share <> d.share THEN d.share END,
        'gone', CASE WHEN d.back THEN false END,
        'custom_id', CASE WHEN d.had_custom <> d.custom_id THEN d.custom_id END)), ''
FROM (
    SELECT k.*, n.name AS old_name, n."order" AS old_order, up.name AS old_parent, k.gone_at IS NOT NULL AS back,
        k.key LIKE 'd:%%' AND 'place' = ANY(c.owned) AND n."order" <> k."order" AND NOT second AS ordered,
        n.name <> k.name AND NOT second
            AND CASE WHEN k.key LIKE 'd:%%' THEN 'department_name' ELSE 'org_name' END = ANY(c.owned) AS renamed,
        'place' = ANY(c.owned) AND n.id <> c.target_id AND NOT second
            AND n.parent_id IS DISTINCT FROM CASE WHEN k.parent = '' THEN c.target_id ELSE above.node_id END AS moved
    FROM sync_known k JOIN wecom_sync_chain c ON c.id = k.chain_id JOIN orgs_node n ON n.id = k.node_id
    LEFT JOIN orgs_node up ON up.id = n.parent_id
    LEFT JOIN wecom_sync_remoteplace above ON above.chain_id = k.chain_id AND above.key = k.parent
    -- Of several that see one organization the first one decides what it is called and where it stands.
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM wecom_sync_remoteplace o WHERE o.node_id = k.node_id AND o.id < k.remote_id AND o.gone_at IS NULL
    ) AS second) s) d
WHERE d.renamed OR d.moved OR d.ordered OR d.back OR d.had_share <> d.share OR d.had_custom <> d.custom_id
ORDER BY d.chain_id, d.depth, d.key
"""
PLACES_LEFT = """
SELECT %(run)s, CASE WHEN l.maybe IS NULL THEN 7 ELSE 0 END, 'open', l.chain_id, l.key, l.node_id, NULL, l.name, '{}',
    CASE WHEN l.maybe IS NOT NULL THEN jsonb_build_object('key', l.maybe)
         WHEN l.leavers <> 'keep' AND NOT EXISTS (SELECT 1 FROM sync_gone u WHERE u.node_id = l.parent_id)
         THEN '{"enabled": false}'::jsonb ELSE '{}'::jsonb END,
    CASE WHEN l.maybe IS NULL THEN '' ELSE 'maybe_joined' END
FROM sync_gone l ORDER BY l.chain_id, l.key
"""
PEOPLE_ADDED = """
SELECT %(run)s, 4, 'open', w.chain_id, w.corp_id || '/' || w.user_id, NULL, NULL, w.name, '{}',
    jsonb_build_object('places', to_jsonb(w.keys), 'chains', to_jsonb(w.chains)), ''
FROM sync_wanted w WHERE NOT EXISTS (
    SELECT 1 FROM sync_present p WHERE (p.corp_id, p.user_id) = (w.corp_id, w.user_id))
ORDER BY w.corp_id, w.user_id
"""
PEOPLE_CHANGED = """
SELECT %(run)s, CASE WHEN d.deleted_at IS NULL THEN 5 ELSE 0 END, 'open', d.chain_id,
    d.corp_id || '/' || d.user_id, NULL, d.contact_id, d.new_name,
    jsonb_strip_nulls(jsonb_build_object(
        'name', CASE WHEN d.renamed THEN d.name END, 'nodes', CASE WHEN d.moved THEN to_jsonb(d.nodes) END,
        'gone', CASE WHEN d.back THEN true END)),
    jsonb_strip_nulls(jsonb_build_object(
        'name', CASE WHEN d.renamed THEN d.new_name END, 'places', CASE WHEN d.moved THEN to_jsonb(d.keys) END,
        'chains', CASE WHEN d.moved THEN to_jsonb(d.chains) END, 'gone', CASE WHEN d.back THEN false END)),
    CASE WHEN d.deleted_at IS NULL THEN '' ELSE 'deleted_here' END
FROM (
    SELECT p.*, w.name AS new_name, w.keys, w.chains, w.chain_id, p.gone_at IS NOT NULL AS back,
        'name' = ANY(c.owned) AND p.name <> w.name AND NOT p.second AS renamed,
        'place' = ANY(c.owned) AND (w.somewhere_new OR NOT w.nodes <@ coalesce(p.nodes, '{}')
            OR EXISTS (SELECT 1 FROM unnest(p.nodes) n WHERE n <> ALL(w.nodes) AND n <> ALL(p.others))
            OR (p.main_is_ours AND p.main_node_id <> w.main_node AND NOT p.second)) AS moved
    FROM sync_wanted w JOIN sync_present p ON (p.corp_id, p.user_id) = (w.corp_id, w.user_id)
    JOIN wecom_sync_chain c ON c.id = w.chain_id) d
WHERE d.renamed OR d.moved OR d.back OR (d.deleted_at IS NOT NULL AND d.gone_at IS NULL)
ORDER BY d.corp_id, d.user_id
"""
PEOPLE_LEFT = """
SELECT %(run)s, 6, 'open', h.chain_id, p.corp_id || '/' || p.user_id, NULL, p.contact_id, p.name,
    jsonb_build_object('enabled', p.enabled), CASE
        WHEN EXISTS (SELECT 1 FROM wecom_sync_remoteperson o WHERE o.contact_id = p.contact_id AND o.id <> p.remote_id
                     AND o.gone_at IS NULL) THEN '{"detached": true}'::jsonb
        WHEN h.leavers = 'keep' THEN '{}'::jsonb
        WHEN h.leavers = 'move' THEN '{"enabled": false, "moved": true}'::jsonb
        ELSE '{"enabled": false}'::jsonb END, ''
FROM sync_present p JOIN sync_corps s ON s.corp_id = p.corp_id
CROSS JOIN LATERAL (
    SELECT r.chain_id, c.leavers FROM wecom_sync_remoteplace r JOIN wecom_sync_chain c ON c.id = r.chain_id
    WHERE c.connection_id = %(connection)s AND r.key = 'c:' || p.corp_id ORDER BY r.chain_id LIMIT 1) h
WHERE p.gone_at IS NULL AND p.deleted_at IS NULL
AND NOT EXISTS (SELECT 1 FROM sync_wanted w WHERE (w.corp_id, w.user_id) = (p.corp_id, p.user_id))
ORDER BY p.corp_id, p.user_id
"""
# Who could be the same: an organization of this name is in the dimension already, or was made by another corp of ours
# (SPEC WEC-1, T71). Nobody but a person says that they are one; who said that they are not is not asked again.
SAME_NAME = """
SELECT %(run)s, 0, 'open', k.chain_id, k.key, n.id, NULL, k.name, '{}', '{}', 'same_name'
FROM sync_known k JOIN wecom_sync_chain c ON c.id = k.chain_id JOIN orgs_node t ON t.id = c.target_id
JOIN orgs_node n ON n.kind = 1 AND n.name = k.name AND n.id IS DISTINCT FROM k.node_id
WHERE k.key LIKE 'c:%%' AND (
    (k.remote_id IS NULL AND n.dimension_id = t.dimension_id)
    OR EXISTS (SELECT 1 FROM wecom_sync_remoteplace r JOIN wecom_sync_chain h ON h.id = r.chain_id
               WHERE r.node_id = n.id AND r.gone_at IS NULL AND r.key LIKE 'c:%%'
               AND h.connection_id <> %(connection)s AND (k.remote_id IS NULL OR r.id < k.remote_id)))
AND NOT EXISTS (SELECT 1 FROM wecom_sync_remoteplace r WHERE r.node_id = n.id AND r.chain_id = k.chain_id)
AND NOT EXISTS (SELECT 1 FROM wecom_sync_apart a WHERE (a.chain_id, a.key, a.node_id) = (k.chain_id, k.key, n.id))
ORDER BY k.chain_id, k.key, n.id
"""
# Two people of one name in one organization that two corps of ours see: each of them has made one.
SAME_PERSON = """
SELECT %(run)s, 0, 'open', w.chain_id, w.corp_id || '/' || w.user_id, NULL, p.contact_id, w.name, '{}',
    jsonb_build_object('contact', o.id), 'same_person'
FROM sync_wanted w JOIN sync_present p ON (p.corp_id, p.user_id) = (w.corp_id, w.user_id)
JOIN wecom_sync_remoteplace r ON r.chain_id = w.chain_id AND r.key = 'c:' || w.corp_id
JOIN wecom_sync_remoteplace s ON s.node_id = r.node_id AND s.id <> r.id AND s.gone_at IS NULL
JOIN wecom_sync_chain h ON h.id = s.chain_id AND h.connection_id <> %(connection)s
JOIN wecom_sync_remoteperson q ON q.connection_id = h.connection_id AND 'c:' || q.corp_id = s.key
    AND q.gone_at IS NULL AND q.contact_id < p.contact_id
JOIN contacts_contact o ON o.id = q.contact_id AND o.deleted_at IS NULL AND o.name = p.name
WHERE p.deleted_at IS NULL
AND NOT EXISTS (SELECT 1 FROM wecom_sync_apart a WHERE (a.chain_id, a.key, a.contact_id)
                = (w.chain_id, w.corp_id || '/' || w.user_id, o.id))
ORDER BY w.corp_id, w.user_id, o.id
"""
UNREADABLE = """
SELECT %(run)s, 0, 'open', k.chain_id, k.key, k.node_id, NULL, k.name, '{}', '{}', left(k.message, 300)
FROM sync_known k WHERE k.message <> '' ORDER BY k.chain_id, k.key
"""
ITEMS = (
    UNREADABLE, SAME_NAME, SAME_PERSON, PLACES_JOINED, PLACES_ADDED, PLACES_CHANGED, PEOPLE_ADDED, PEOPLE_CHANGED,
    PEOPLE_LEFT, PLACES_LEFT,
)  # fmt: skip

LEAVING = """
SELECT i.chain_id, count(*), (
    SELECT count(*) FROM sync_present p WHERE p.gone_at IS NULL AND EXISTS (
        SELECT 1 FROM wecom_sync_remoteplace r WHERE r.chain_id = i.chain_id AND r.key = 'c:' || p.corp_id))
FROM wecom_sync_planitem i WHERE i.run_id = %(run)s AND i.stage = 6 GROUP BY i.chain_id
"""
