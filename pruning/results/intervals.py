"""How sure is a measured share? Intervals for accuracies, and the test between two networks on the same images."""

from __future__ import annotations

import math
from statistics import NormalDist

from pruning.common.errors import BadValue


def wilson(correct: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share (Wilson 1927, JASA 22:209).

    Args:
        correct: images right.
        total: images seen, at least 1.
        level: of confidence.

    Returns:
        Lower and upper bound, 0..1.

    Raises:
        BadValue: when the counts cannot be.

    >>> low, high = wilson(918, 1000)
    >>> round(low, 4), round(high, 4)
    (0.8994, 0.9334)
    """
    if not 0 <= correct <= total or total < 1:
        raise BadValue(f"{correct} right of {total} images is no share.")
    z = _z(level)
    share, spread = correct / total, z * z / total
    centre = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # Rounding must not leave 0 and 1 just beside the ends.
    return (0.0 if correct == 0 else max(0.0, centre - half)), (1.0 if correct == total else min(1.0, centre + half))


def mcnemar(lost: int, gained: int, total: int, level: float = 0.95) -> dict[str, float]:
    """Two networks on the same images: McNemar's exact test, and an interval for the difference of accuracies.

    The p-value is the two-sided binomial one of the discordant images (McNemar 1947, Psychometrika 12:153), exact
    for any count. The interval is Wald's with the Laplace adjustment of Bonett and Price (2012, J. Educ. Behav.
    Stat. 37:479), which Fagerland, Lydersen and Laake (2014, Stat. Med. 33:2850) recommend for paired shares:
    with p = (lost + 1) / (n + 2) and q = (gained + 1) / (n + 2), q - p ± z sqrt((p + q - (q - p)²) / (n + 2)).

    Args:
        lost: images that only the first network gets right.
        gained: images that only the second gets right.
        total: images seen by both, at least 1.
        level: of confidence.

    Returns:
        ``difference`` (second minus first, -1..1), its bounds ``low`` and ``high``, and ``p_value``.

    Raises:
        BadValue: when the counts cannot be.

    >>> round(mcnemar(lost=25, gained=10, total=1000)["p_value"], 4)
    0.0167
    """
    if lost < 0 or gained < 0 or total < 1 or lost + gained > total:
        raise BadValue(f"{lost} lost and {gained} gained of {total} images cannot be.")
    p, q = (lost + 1) / (total + 2), (gained + 1) / (total + 2)
    half = _z(level) * math.sqrt((p + q - (q - p) ** 2) / (total + 2))
    return {
        "difference": (gained - lost) / total,
        "low": max(-1.0, q - p - half),
        "high": min(1.0, q - p + half),
        "p_value": _binomial_p(min(lost, gained), lost + gained),
    }


def _z(level: float) -> float:
    if not 0 < level < 1:
        raise BadValue(f"A level of confidence lies between 0 and 1, not {level}.")
    return NormalDist().inv_cdf(0.5 + level / 2)


def _binomial_p(fewer: int, discordant: int) -> float:
    """Two-sided p of ``fewer`` heads or less in ``discordant`` throws of a fair coin, in whole numbers: exact."""
    if 2 * fewer >= discordant:
        return 1.0
    ways = term = 1
    for at in range(fewer):
        term = term * (discordant - at) // (at + 1)
        ways += term
    return min(1.0, 2 * ways / 2**discordant) if discordant < 1000 else min(1.0, _ratio(2 * ways, discordant))


def _ratio(ways: int, bits: int) -> float:
    """ways / 2**bits, also where it is too small for a float (then 0)."""
    shift = max(0, ways.bit_length() - 64)
    return math.ldexp(float(ways >> shift), shift - bits)
