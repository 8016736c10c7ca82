"""Rasid watches Arabic news for the foreign meetings of the Haftars and tells what is new in them.

The walk, in the order in which it runs:

1. `monitor.pipeline.polling` takes the feeds that are due, and decides nothing.
2. `monitor.adapters.http` fetches feed and page bytes.
3. `monitor.reading.feed` turns feed bytes into entries.
4. `monitor.pipeline.settling` brings one article to its end: all that follows, and the commit.
5. `monitor.adapters.engine` reads in a process that can be ended.
6. `monitor.reading.article` says what one page says, by these stages:
7. `monitor.reading.extract` turns the page into an article.
8. `monitor.reading.segment` marks what each stretch of it is for.
9. `monitor.reading.annotate` finds the words that the next stages look for.
10. `monitor.reading.places` finds where.
11. `monitor.reading.people` finds who is named.
12. `monitor.reading.dates` finds when.
13. `monitor.reading.meeting` finds who met whom.
14. `monitor.reading.origin` asks whom the article has it from.
15. `monitor.reading.claims` finds what is said.
16. `monitor.reading.signature` makes what duplicates are found by.
17. `monitor.deciding` says what of that is new, by these stages:
18. `monitor.deciding.duplicates` asks whether the article is a copy.
19. `monitor.deciding.meetings` ties its meetings to the ledger's.
20. `monitor.deciding.relations` relates each claim to the ledger.
21. `monitor.deciding.alerts` decides who must hear of it, and when.
22. `monitor.deciding.outbox` addresses each alert.
23. `monitor.pipeline.delivering` takes what is due in the outbox.
24. `monitor.adapters.mail` and `monitor.adapters.webhook` deliver.

What the stages rest on:

- `monitor.reading.arabic` folds and cuts Arabic, `monitor.reading.charset` finds it in bytes, `monitor.reading.layout`
  takes old tables for what they are.
- `monitor.reading.furniture` tells a line's furniture by its words.
- `monitor.reading.words` holds the lexicon ready: `monitor.reading.phrases` finds its forms in a text, and
  `monitor.reading.date_index` and `monitor.reading.calendars` serve dates.
- `monitor.reading.offices` finds posts and whose they are; `monitor.reading.frames` gives a meeting's verb its
  arguments by `monitor.reading.families`, `monitor.reading.headlines` does without a verb, and
  `monitor.reading.locations` tells where it happened; `monitor.reading.sightings` says what a sentence tells of a
  meeting, `monitor.reading.antecedents` whom it means without naming; `monitor.reading.clauses`,
  `monitor.reading.facets` and `monitor.reading.quantities` take a sentence's claims apart.
- `monitor.deciding.events`, `monitor.deciding.roles`, `monitor.deciding.contents` and `monitor.deciding.versions` know
  what holds for claims of one sort, `monitor.deciding.conflicts` which clauses exclude each other;
  `monitor.deciding.coverage`, `monitor.deciding.calibration` and `monitor.deciding.judged` how far two are alike;
  `monitor.deciding.refitting` what analysts' verdicts say of that;
  `monitor.deciding.origins` whom they come from; `monitor.deciding.verdict` puts the relation into words.
- `monitor.reading.identity` and `monitor.deciding.identity` make ids that a repeat makes again.
- `monitor.reading.statement` and `monitor.deciding.statements` serve `compare`: `monitor.reading.content` and
  `monitor.reading.roots` take a sentence's words, `monitor.deciding.aligning` lays those of two side by side.
- `monitor.deciding.polling` serves the course of a feed, `monitor.pipeline.ingesting` and `monitor.reading.moments`
  files at hand, `monitor.pipeline.abreast` all that runs side by side.
"""
