"""Spans of time, (start, end) in s: put together, cut, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

Span = tuple[float, float]


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in spans that neither touch nor overlap, in order."""
    joined: list[Span] = []
    for start_s, end_s in sorted(spans):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end_s)
        else:
            joined.append((start_s, end_s))
    return joined


def gaps(spans: Iterable[Span]) -> list[Span]:
    """The time between the spans, outside all of them."""
    joined = union(spans)
    return [(left[1], right[0]) for left, right in pairwise(joined)]


def within(spans: Iterable[Span], start_s: float, end_s: float) -> float:
    """How much of the time from `start_s` to `end_s` the spans cover, in s."""
    return sum(max(min(end, end_s) - max(begin, start_s), 0.0) for begin, end in union(spans))


def outside(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """The spans without what falls into the holes."""
    left = union(spans)
    for hole_start, hole_end in holes:
        cut = [((start, min(end, hole_start)), (max(start, hole_end), end)) for start, end in left]
        left = [piece for pieces in cut for piece in pieces if piece[0] < piece[1]]
    return left
