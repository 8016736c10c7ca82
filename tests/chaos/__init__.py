"""What the watch must survive, tried on this machine: `python -m tests.chaos [day|hostile|...]`.

`site` serves many names on loopback, `world` publishes news on them, `day` lets a day of it pass in minutes, `hostile`
polls servers that mean harm or are broken, `isolation` has bad feeds beside good ones. `figures` are what is measured,
each beside its limit. The tests of the same names try a short form of each.
"""
