"""Rasid watches Arabic news for the foreign meetings of the Haftars and tells what is new in them.

The walk, in the order in which it runs:

1. `monitor.pipeline` calls, and decides nothing.
2. `monitor.adapters.http` fetches feed and page bytes.
3. `monitor.reading.feed` turns feed bytes into entries.
4. `monitor.reading.extract` turns a page into an article.
5. `monitor.reading.segment` marks what each stretch of it is for.
6. `monitor.reading.people` finds who is named.
7. `monitor.reading.places` finds where.
8. `monitor.reading.dates` finds when.
9. `monitor.reading.meeting` finds who met whom.
10. `monitor.reading.claims` finds what is said.
11. `monitor.reading.signature` makes what duplicates are found by.
12. `monitor.deciding.duplicates` asks whether the article is a copy.
13. `monitor.deciding.meetings` ties its meetings to the ledger's.
14. `monitor.deciding.roles` holds offices and ranks against the ledger's.
15. `monitor.deciding.relations` relates each claim to the ledger.
16. `monitor.deciding.origins` asks whom it comes from.
17. `monitor.deciding.alerts` decides who must hear of it, and when.
18. `monitor.adapters.mail` and `monitor.adapters.webhook` deliver.
"""
