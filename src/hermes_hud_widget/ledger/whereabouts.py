"""What was spent in which directory; after a change only the directories are summed up again that it concerns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from hermes_hud_widget.ledger.kept import Kept
from hermes_hud_widget.ledger.money import Sum
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
    """Some of the sessions of one directory: those that started in the same few weeks."""

    where: Whereabout
    weeks: int


_FEW_WEEKS_S = 28 * 86_400.0


class Whereabouts:
    """The work by directory. Not thread-safe."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._pending = kept.follow()
        self._keys: dict[str, _Key] = {}
        # Somebody may have done everything in one directory: a change must not cost all of that.
        self._members: defaultdict[_Key, set[str]] = defaultdict(set)
        self._parts: defaultdict[Whereabout, dict[int, Work]] = defaultdict(dict)
        self._work: dict[Whereabout, Work] = {}

    def work(self, spent_by: Callable[[str], SessionUsage]) -> Mapping[Whereabout, Work]:
        """What was done where, by now.

        Args:
            spent_by: What a session spent, given its id.
        """
        changed = self._changed()
        for key in changed:
            parts = self._parts[key.where]
            if self._members[key]:
                parts[key.weeks] = self._part(sorted(self._members[key]), spent_by)
            else:
                del self._members[key]
                parts.pop(key.weeks, None)
        for where in {key.where for key in changed}:
            if parts := self._parts[where]:
                self._work[where] = together(parts[weeks] for weeks in sorted(parts))
            else:
                del self._parts[where]
                self._work.pop(where, None)
        return dict(self._work)

    def _changed(self) -> set[_Key]:
        changed: set[_Key] = set()
        for session_id in self._pending:
            before = self._keys.pop(session_id, None)
            if before is not None:
                self._members[before].discard(session_id)
                changed.add(before)
            record = self._kept.records.get(session_id)
            if record is not None:
                row = record.row
                where = Whereabout(row.cwd or None, row.git_repo_root or None)
                key = self._keys[session_id] = _Key(where, int(row.started_at // _FEW_WEEKS_S))
                self._members[key].add(session_id)
                changed.add(key)
        self._pending.clear()
        return changed

    def _part(self, session_ids: list[str], spent_by: Callable[[str], SessionUsage]) -> Work:
        lineage, spent = self._kept.lineage, Sum()
        rows = [lineage.rows[session_id] for session_id in session_ids]
        for session_id in session_ids:
            spent.add_session(spent_by(session_id).parts)
        return Work(sum(map(lineage.is_listed, rows)), spent, max(map(lineage.last_active, rows)))


def together(works: Iterable[Work]) -> Work:
    """The work of several directories."""
    conversations, spent, last = 0, Sum(), float("-inf")
    for work in works:
        conversations += work.conversations
        spent.add(work.spent)
        last = max(last, work.last)
    return Work(conversations, spent, last)
