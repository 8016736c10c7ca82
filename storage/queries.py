"""What `storage.search` asks. Every statement is fixed; input comes in as parameters only."""

from __future__ import annotations

from typing import Final

SEARCH: Final = """
SELECT v.article_id AS id, v.title, v.outlet, v.url, v.published_at, v.text,
    -bm25(article_search, 3.0, 1.0, 0.5) AS score
FROM article_search JOIN articles a ON a.number = article_search.rowid JOIN versions v ON v.id = a.version_id
WHERE article_search MATCH :match
AND (:since IS NULL OR coalesce(v.published_at, v.fetched_at) >= :since)
AND (:outlet IS NULL OR v.outlet = :outlet)
AND (:person IS NULL OR EXISTS (
    SELECT 1 FROM person_mentions p WHERE p.person = :person AND p.version_id = v.id))
AND (:country IS NULL OR EXISTS (
    SELECT 1 FROM mentions t JOIN meetings m ON m.id = t.meeting_id
    WHERE t.article_id = v.article_id AND (m.country = :country OR EXISTS (
        SELECT 1 FROM meeting_people p WHERE p.meeting_id = m.id AND p.country = :country))))
AND (:relation IS NULL OR EXISTS (
    SELECT 1 FROM mentions t JOIN relations r ON r.mention_id = t.id
    WHERE t.article_id = v.article_id AND r.relation = :relation))
ORDER BY score DESC, coalesce(v.published_at, v.fetched_at) DESC, v.article_id LIMIT :limit
"""

_MEETING_COLUMNS = """
SELECT m.*, (SELECT count(*) FROM claims c WHERE c.meeting_id = m.id AND c.same_as IS NULL) AS claims,
    (SELECT count(DISTINCT t.article_id) FROM mentions t WHERE t.meeting_id = m.id) AS articles,
    (SELECT count(DISTINCT v.outlet) FROM mentions t JOIN versions v ON v.id = t.version_id
        WHERE t.meeting_id = m.id) AS outlets
FROM meetings m
"""

MEETINGS: Final = (
    _MEETING_COLUMNS  # noqa: S608 - two fixed texts
    + """
WHERE (:since IS NULL OR m.last_seen >= :since)
AND (:person IS NULL OR EXISTS (
    SELECT 1 FROM meeting_people p WHERE p.meeting_id = m.id AND p.person = :person))
AND (:country IS NULL OR m.country = :country OR EXISTS (
    SELECT 1 FROM meeting_people p WHERE p.meeting_id = m.id AND p.country = :country))
AND (:outlet IS NULL OR EXISTS (
    SELECT 1 FROM mentions t JOIN versions v ON v.id = t.version_id
    WHERE t.meeting_id = m.id AND v.outlet = :outlet))
AND (:relation IS NULL OR EXISTS (
    SELECT 1 FROM mentions t JOIN relations r ON r.mention_id = t.id
    WHERE t.meeting_id = m.id AND r.relation = :relation))
ORDER BY coalesce(m.date_to, m.date_from, m.last_seen) DESC, m.id LIMIT :limit
"""
)

ALL_MEETINGS: Final = (
    _MEETING_COLUMNS  # noqa: S608 - two fixed texts
    + """
WHERE m.id IN (
    SELECT id FROM meetings WHERE (first_seen, id) > (:seen, :id) AND (:since IS NULL OR last_seen >= :since)
    ORDER BY first_seen, id LIMIT :limit
) ORDER BY m.first_seen, m.id
"""
)

MEETINGS_OF_ARTICLE: Final = (
    _MEETING_COLUMNS  # noqa: S608 - two fixed texts
    + """
WHERE m.id IN (SELECT meeting_id FROM mentions WHERE article_id = :id) ORDER BY m.main DESC, m.id
"""
)

_MENTION_COLUMNS = """
SELECT t.id, t.claim_id AS claim, t.meeting_id AS meeting, t.kind, r.relation, t."start", t."end", t.quote,
    t.subject, t.predicate, t.speaker, t.origin, t.modality, t.polarity, t.slots, r.nearest, r.nearest_quote,
    r.nearest_outlet, r.nearest_url, r.score, r.method, r.compared, r.suggest, r.why, r.why_en,
    t.article_id AS article, v.title, v.outlet, v.url, v.published_at, v.fetched_at AS seen_at
FROM mentions t JOIN versions v ON v.id = t.version_id
LEFT JOIN relations r ON r.mention_id = t.id LEFT JOIN versions judged ON judged.id = r.version_id
"""

CLAIMS: Final = (
    _MENTION_COLUMNS  # noqa: S608 - two fixed texts
    + """
WHERE (:since IS NULL OR coalesce(v.published_at, v.fetched_at) >= :since)
AND (:outlet IS NULL OR v.outlet = :outlet)
AND (:relation IS NULL OR r.relation = :relation)
AND (:person IS NULL OR t.subject = :person OR EXISTS (
    SELECT 1 FROM meeting_people p WHERE p.meeting_id = t.meeting_id AND p.person = :person))
AND (:country IS NULL OR EXISTS (
    SELECT 1 FROM meetings m WHERE m.id = t.meeting_id AND (m.country = :country OR EXISTS (
        SELECT 1 FROM meeting_people p WHERE p.meeting_id = m.id AND p.country = :country))))
ORDER BY coalesce(v.published_at, v.fetched_at) DESC, t.article_id, t."start", t.id, judged.number LIMIT :limit
"""
)

CLAIMS_OF_ARTICLE: Final = (
    _MENTION_COLUMNS
    + """
WHERE t.article_id = :id ORDER BY v.number, t."start", t.id, judged.number
"""
)

ALL_CLAIMS: Final = (
    _MENTION_COLUMNS
    + """
JOIN articles a ON a.id = t.article_id
WHERE a.number > :after AND a.number <= :upto
AND (:since IS NULL OR coalesce(v.published_at, v.fetched_at) >= :since)
ORDER BY a.number, v.number, t."start", t.id, judged.number
"""
)

LEADS: Final = """
SELECT l."start", l."end", l.quote, v.article_id AS article, v.title, v.outlet, v.url, v.published_at,
    v.fetched_at AS seen_at
FROM leads l JOIN versions v ON v.id = l.version_id
WHERE (:since IS NULL OR coalesce(v.published_at, v.fetched_at) >= :since)
AND (:outlet IS NULL OR v.outlet = :outlet)
AND (:person IS NULL OR EXISTS (
    SELECT 1 FROM person_mentions p WHERE p.version_id = v.id AND p.person = :person
    AND p."start" < l."end" AND p."end" > l."start"))
ORDER BY coalesce(v.published_at, v.fetched_at) DESC, v.article_id, l."start" LIMIT :limit
"""

PEOPLE: Final = """
SELECT p.id AS person, p.first_seen, p.last_seen, count(n.person) AS mentions,
    count(DISTINCT n.version_id) AS articles
FROM people p LEFT JOIN person_mentions n ON n.person = p.id LEFT JOIN versions v ON v.id = n.version_id
WHERE (:person IS NULL OR p.id = :person)
AND (:since IS NULL OR p.last_seen >= :since)
AND (:country IS NULL OR n.country = :country)
AND (:outlet IS NULL OR v.outlet = :outlet)
GROUP BY p.id ORDER BY mentions DESC, p.id LIMIT :limit
"""

NAME_FORMS: Final = """
SELECT person, form, suspected_typo, count(*) AS mentions FROM person_mentions
WHERE person IN (SELECT value FROM json_each(:ids))
GROUP BY person, form, suspected_typo ORDER BY person, mentions DESC, form
"""

ROLES: Final = """
SELECT person, office, rank, country, first_seen, last_seen FROM roles
WHERE person IN (SELECT value FROM json_each(:ids)) ORDER BY person, first_seen, id
"""

_ARTICLE_COLUMNS = """
SELECT a.id, v.url, v.outcome, v.title, v.text, v.published_at, v.duplicate_of, v.in_scope,
    v.grade AS evidence_grade, v.outlet, v.owner, v.byline, v.published_source, v.origin, v.language,
    v.fetched_at, a.first_seen, a.version_id
FROM articles a JOIN versions v ON v.id = a.version_id
"""

ARTICLE: Final = f"{_ARTICLE_COLUMNS} WHERE a.id = :id"

ALL_ARTICLES: Final = f"""{_ARTICLE_COLUMNS}
WHERE a.number > :after AND a.number <= :upto
AND (:since IS NULL OR coalesce(v.published_at, v.fetched_at) >= :since)
ORDER BY a.number
"""

_PAGE_COLUMNS = "v.raw, v.raw_codec, v.raw_bytes, v.raw_sha256, d.value AS dictionary"

RAW: Final = f"""
SELECT v.article_id, v.fetched_at, {_PAGE_COLUMNS}
FROM articles a JOIN versions v ON v.id = a.version_id LEFT JOIN dictionaries d ON d.id = v.raw_dictionary
WHERE a.id = :id
"""  # noqa: S608 - fixed texts

KEPT_PAGE: Final = f"""
SELECT v.article_id, v.number, v.url, v.title, v.outlet, v.fetched_at, v.published_at, v.content_type, v.extractor,
    v.text, v.text_sha256, {_PAGE_COLUMNS}
FROM versions v LEFT JOIN dictionaries d ON d.id = v.raw_dictionary WHERE v.id = :id
"""  # noqa: S608 - fixed texts

KEPT_PAGES: Final = """
SELECT id, fetched_at FROM versions
WHERE raw IS NOT NULL AND fetched_at >= :at AND (fetched_at, id) > (:at, :id)
AND (:article IS NULL OR article_id = :article)
AND (:since IS NULL OR coalesce(published_at, fetched_at) >= :since)
ORDER BY fetched_at, id LIMIT :limit
"""

SEGMENTS: Final = 'SELECT kind, "start", "end" FROM segments WHERE version_id = :version ORDER BY position'

PERSON_MENTIONS: Final = """
SELECT person, form, "start", "end", office, rank, country, suspected_typo FROM person_mentions
WHERE version_id = :version ORDER BY position
"""

LEADS_OF_VERSION: Final = 'SELECT "start", "end", quote FROM leads WHERE version_id = :version ORDER BY position'

VERSIONS: Final = """
SELECT number, title, outcome, fetched_at, extractor, content_type, text, text_sha256, raw_sha256, raw_bytes,
    raw IS NOT NULL AS raw_kept FROM versions
WHERE article_id = :id ORDER BY number
"""

ALERTS: Final = "SELECT * FROM alerts ORDER BY number DESC LIMIT :limit"
ALERT: Final = "SELECT * FROM alerts WHERE id = :id"
ALERTS_OF_ARTICLE: Final = "SELECT * FROM alerts WHERE article_id = :id ORDER BY number"

ALSO_IN: Final = """
WITH told AS (
    SELECT coalesce(same_as, id) AS id FROM claims WHERE id IN (SELECT value FROM json_each(:claims))
)
SELECT v.outlet, v.url, t.article_id AS article, min(v.fetched_at) AS seen_at
FROM mentions t JOIN versions v ON v.id = t.version_id
WHERE t.id IN (
    SELECT id FROM mentions WHERE claim_id IN (SELECT id FROM told)
    UNION SELECT mention_id FROM relations WHERE nearest IN (SELECT id FROM told)
        AND relation IN ('restated', 'corroborating', 'updated')
) AND t.article_id <> :article
GROUP BY t.article_id ORDER BY seen_at, t.article_id LIMIT :limit
"""

DELIVERIES: Final = """
SELECT id, channel, recipient, state, attempts, next_try_at, tried_at, code, message, bundle, rule FROM deliveries
WHERE alert_id = :id OR notice_id = :id ORDER BY number
"""

TRIES: Final = """
SELECT delivery_id, at, state, code, message FROM attempts
WHERE delivery_id IN (SELECT value FROM json_each(:ids)) ORDER BY number
"""

DELIVERY_STATES: Final = """
SELECT coalesce(alert_id, notice_id) AS content_id, state, count(*) AS n FROM deliveries
WHERE alert_id IN (SELECT value FROM json_each(:ids)) OR notice_id IN (SELECT value FROM json_each(:ids))
GROUP BY content_id, state ORDER BY content_id, state
"""

NOTICES: Final = "SELECT * FROM notices ORDER BY number DESC LIMIT :limit"
NOTICE: Final = "SELECT * FROM notices WHERE id = :id"

STANDING_ALARMS: Final = """
SELECT feed_id, code, message, since FROM alarms WHERE cleared_at IS NULL ORDER BY since, code, feed_id
"""

LABELS: Final = "SELECT verdict, note, at FROM labels WHERE target_id = :id ORDER BY at, id"

LABELLED: Final = """
WITH targets AS (
    SELECT l.id AS label, t.id AS mention FROM labels l JOIN mentions t ON t.id = l.target_id
    UNION SELECT l.id, c.first_mention FROM labels l JOIN claims c ON c.id = l.target_id
    UNION SELECT l.id, json_extract(item.value, '$.mention_id')
    FROM labels l JOIN alerts a ON a.id = l.target_id JOIN json_each(a.value, '$.items') item
)
SELECT l.at, l.verdict, l.note, l.target_id AS target, t.id AS mention, t.claim_id AS claim, t.kind,
    coalesce(t.quote, p.incoming) AS quote, coalesce(r.nearest_quote, p.known) AS nearest_quote,
    coalesce(r.relation, p.relation) AS relation, coalesce(r.suggest, p.suggest) AS suggest,
    coalesce(r.score, p.score) AS score, coalesce(r.method, p.method) AS method, v.outlet, t.article_id AS article
FROM labels l LEFT JOIN pairs p ON p.id = l.target_id LEFT JOIN targets ON targets.label = l.id
LEFT JOIN mentions t ON t.id = targets.mention LEFT JOIN versions v ON v.id = t.version_id
LEFT JOIN relations r ON r.mention_id = t.id AND r.version_id = t.version_id
ORDER BY l.at, l.id, t.id
"""

FEEDS: Final = """
SELECT feed_id, next_poll_at, etag, last_modified, failures, failing_since, last_ok_at, last_error_code, last_error,
    entries_seen, interval_s, json_array_length("window") AS items, full_at, url AS learned_url, moved_to, moved_times,
    paused, lying, hub, short_pages, walled_pages
FROM feeds ORDER BY feed_id
"""
LAST_POLL: Final = "SELECT max(at) AS at FROM fetches"
OUTBOX: Final = "SELECT state, count(*) AS n FROM deliveries GROUP BY state"
OUTCOMES: Final = "SELECT outcome, count(*) AS n FROM entries GROUP BY outcome ORDER BY outcome"
TOTALS: Final = """
SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM versions) AS versions,
    (SELECT count(*) FROM meetings) AS meetings, (SELECT count(*) FROM claims WHERE same_as IS NULL) AS claims,
    (SELECT count(*) FROM mentions) AS mentions, (SELECT count(*) FROM leads) AS leads,
    (SELECT count(*) FROM people) AS people, (SELECT count(*) FROM alerts) AS alerts,
    (SELECT count(*) FROM entries) AS entries
"""
