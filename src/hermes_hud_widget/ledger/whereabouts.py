"""What was spent in which directory; after a change only the directories are summed up again that it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.money import Sum
from hermes_hud_widget.ledger.pace import Pace
from hermes_hud_widget.ledger.usage import SessionUsage


class Whereabout(NamedTuple):
    """Where a session worked.

    Attributes:
        cwd: Its working directory (`sessions.cwd`, since 0.16).
        repository: The root of the git repository around it (`sessions.git_repo_root`, since 0.18).
    """

    cwd: str | None
    repository: str | None


class Work(NamedTuple):
    """What the sessions of one directory come to; nobody may change its sum.

    Attributes:
        conversations: How many of them Hermes lists.
        spent: Of all of them, delegated ones and each piece of a compression chain too.
        last: Their last activity, in epoch seconds.
    """

    conversations: int
    spent: Sum
    last: float


class _Key(NamedTuple):
    """Some of the sessions of one directory: those that started in the same few days."""

    where: Whereabout
    days: int


_FEW_DAYS_S = 2 * 86_400.0
_SUMMED = 15
"""What a session spent takes so many times as long to add up as it takes to tell where it worked."""


class Whereabouts:
    """The work by directory. Not thread-safe.

    Args:
        kept: All sessions; nobody may change them during a call.
        spent_by: What a session spent, given its id.

    Attributes:
        work: What was done where, by what `step` has taken in: another mapping after a change.
    """

    def __init__(self, kept: Kept, spent_by: Callable[[str], SessionUsage]) -> None:
        self.work: Mapping[Whereabout, Work] = {}
        self._kept = kept
        self._spent_by = spent_by
        self._pending = kept.follow()
        self._keys: dict[str, _Key] = {}
        # Somebody may have done everything in one directory: a change must not cost all of that.
        self._members: defaultdict[_Key, set[str]] = defaultdict(set)
        self._parts: defaultdict[Whereabout, dict[int, Work]] = defaultdict(dict)
        self._changed: set[_Key] = set()
        self._pace = Pace(rows=200)

    def step(self) -> bool:
        """Takes in some of what has changed, for some 6 ms; False: there is no more."""
        summed: set[Whereabout] = set()
        with self._pace.step() as rows:
            while self._pending and rows > 0:
                self._place(self._pending.pop())
                rows -= 1
            while self._changed and rows > 0:
                key = self._changed.pop()
                rows -= 1 + _SUMMED * len(self._members[key])
                self._sum_up(key)
                summed.add(key.where)
        if summed:
            # Another one: somebody may be going through this.
            work = dict(self.work)
            for where in summed:
                if self._parts[where]:
                    work[where] = self._of(where)
                else:
                    del self._parts[where]
                    work.pop(where, None)
            self.work = work
        return bool(self._pending or self._changed)

    def _place(self, session_id: str) -> None:
        before = self._keys.pop(session_id, None)
        if before is not None:
            self._members[before].discard(session_id)
            self._changed.add(before)
        record = self._kept.records.get(session_id)
        if record is not None:
            row = record.row
            where = Whereabout(row.cwd or None, row.git_repo_root or None)
            key = self._keys[session_id] = _Key(where, int(row.started_at // _FEW_DAYS_S))
            self._members[key].add(session_id)
            self._changed.add(key)

    def _sum_up(self, key: _Key) -> None:
        if self._members[key]:
            self._parts[key.where][key.days] = self._part(sorted(self._members[key]))
        else:
            del self._members[key]
            self._parts[key.where].pop(key.days, None)

    def _of(self, where: Whereabout) -> Work:
        parts = self._parts[where]
        return together(parts[days] for days in sorted(parts))

    def _part(self, session_ids: list[str]) -> Work:
        lineage, spent = self._kept.lineage, Sum()
        rows = [lineage.rows[session_id] for session_id in session_ids]
        for session_id in session_ids:
            spent.add_session(self._spent_by(session_id).parts)
        return Work(sum(map(lineage.is_listed, rows)), spent, max(map(lineage.last_active, rows)))


def together(works: Iterable[Work]) -> Work:
    """The work of several directories."""
    conversations, spent, last = 0, Sum(), float("-inf")
    for work in works:
        conversations += work.conversations
        spent.add(work.spent)
        last = max(last, work.last)
    return Work(conversations, spent, last)
