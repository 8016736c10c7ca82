"""What does this page say? Pure: one page and the configuration in, one `Reading` out.

`monitor.reading.article` calls the stages in their order. This module imports none of them: whoever needs the fold
alone does not load them all.
"""
