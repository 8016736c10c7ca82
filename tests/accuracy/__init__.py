"""How well the product reads and decides, measured on its own decisions: `python -m tests.accuracy`.

`product` runs articles through the stages, `gold` finds what was read by hand, `claim_figures` and `scope_figures`
compare the two, `baselines` says what could be had for less, `mutations`, `orders`, `spellings` and `lookalikes`
measure what needs no gold, and `report` writes it all down for a reader.
"""
