"""The archive: SQLite, and the only package that knows SQL.

1. `storage.lock` lets one worker hold a data folder, `storage.filesystem` says which may be held at all.
2. `storage.connection` opens the database, or refuses, and turns SQLite's errors into ours.
3. `storage.migrations` brings its tables up to date.
4. `storage.archive` is the single writer: it recalls what is known near an article, and commits what was decided.
5. `storage.recalling` holds the statements of the one, `storage.ledger` those of the other; `storage.pages` keeps
   pages as they were fetched.
6. `storage.outbox` leases what is owed, and keeps how each try ended; `storage.mutes` knows who wants no word of
   what.
7. `storage.checking` says which articles are read again, `storage.watching` what feeds bring, and
   `storage.subscriptions` what hubs were asked for.
8. `storage.fulltext` folds what is searched, and builds queries that carry no raw syntax.
9. `storage.search` reads for people, by `storage.queries` and in the shapes of `storage.shapes`: plain values, ready
   for JSON. `storage.exporting` gives the archive out piece by piece.
10. `storage.backups` copies it while it is written, and puts a copy back.
11. `storage.rows` turns values into rows and back.
12. `storage.seed` hands out the articles an empty archive starts from.
"""
