"""What can be asked for on the command line: each module holds commands of one meaning, none builds an adapter.

1. `commands.service` works: `run`, `poll`.
2. `commands.reading` takes in what is handed in: `ingest`, `seed`, `compare`.
3. `commands.archive` answers: `search`, `meetings`, `claims`, `leads`, `people`, `article`.
4. `commands.alerts`, with the rules and mutes of `commands.rules`, and `commands.feeds` hold the groups of these names;
   `commands.finding` looks for a site's feeds, `commands.outlines` takes whole lists of them.
5. `commands.upkeep` says how it stands: `status`, `health`, `doctor`, `config check`.
6. `commands.copies` copies the archive and puts a copy back: `backup`, `restore`.
7. `commands.export` gives the archive out; `commands.verdicts` makes something of verdicts: `calibrate`, `refit`.
8. `commands.demo` shows all of it.

`commands.table` says which module holds which. Below them `commands.rounds` does one round of work,
`commands.retention` tends the pages that are kept,
`commands.options` names what many commands take, and `commands.workshop` says what a command may ask of `worker.py`.
"""
