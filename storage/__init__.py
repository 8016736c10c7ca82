"""The archive: SQLite, and the only package that knows SQL.

1. `storage.lock` lets one worker hold a data folder.
2. `storage.connection` opens the database, or refuses, and turns SQLite's errors into ours.
3. `storage.migrations` brings its tables up to date.
4. `storage.archive` is the single writer: it recalls what is known near an article, and commits what was decided.
5. `storage.recalling` holds the statements of the one, `storage.ledger` those of the other.
6. `storage.fulltext` folds what is searched, and builds queries that carry no raw syntax.
7. `storage.search` reads for people: plain values, ready for JSON.
8. `storage.rows` turns values into rows and back.
9. `storage.seed` hands out the articles an empty archive starts from.
"""
