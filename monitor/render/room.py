"""How much goes into one mail: as much as mail programs show. Pure.

What is too much is found by laying the letter out with less until it fits: no estimate stands between the bound and
what is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HTML_BYTES: Final = 90_000
"""The HTML of one mail, as sent, before its transfer encoding. Gmail cuts off what is over 102 kB, and with the end
of a mail goes the way to stop; what is left to that is for what servers and mailing lists put underneath."""


def most(count: int, fits: Callable[[int], bool]) -> int:
    """How many of `count` things fit, found by halves: of fewer it is taken that they need no more room.

    Returns:
        `count`, a number that `fits` has answered for, or 0, for which it is not asked.

    >>> most(9, lambda n: 20 + 10 * n <= 64)
    4
    """
    if not count or fits(count):
        return count
    fitting, too_many = 0, count
    while too_many - fitting > 1:
        middle = (fitting + too_many) // 2
        if fits(middle):
            fitting = middle
        else:
            too_many = middle
    return fitting
