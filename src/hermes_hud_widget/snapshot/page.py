"""A snapshot as HTML that stands for itself: no script, no style sheet, nothing from elsewhere.

Only what JupyterLab's sanitizer leaves to a notebook that nobody trusts: inline styles of common properties and images
within the text. Colours are the reader's own, and middle tones, so that it reads on light and dark paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo
from html import escape

from hermes_hud_widget.snapshot.facts import DaySpent, Facts, Fill, Group, Snapshots, Spent, Trouble, facts_of
from hermes_hud_widget.snapshot.pictures import AMBER, BAR, FAINT, RED, bar, columns
from hermes_hud_widget.snapshot.words import compact, counted, line, moment, money, percent, usd

GREEN = "#2f9e5b"
_RULE = "1px solid rgba(128,128,128,0.35)"
_BOX = (
    "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:13px;line-height:1.45;"
    f"max-width:920px;box-sizing:border-box;padding:14px 16px;border:{_RULE};border-radius:8px;text-align:left"
)
_ROW = "display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:2px 12px"
_SOFT = "font-size:12px;opacity:0.75"
_PART = "margin-top:16px;page-break-inside:avoid"
_CELL = "padding:4px 12px 4px 0;border:none;background:transparent;text-align:left;vertical-align:top;font-size:13px"
_FIGURE = f"{_CELL};text-align:right;white-space:nowrap;padding-right:0;padding-left:10px"

_HEALTHY = frozenset({"running", "ticking", "external"})
_SICK = frozenset({"dead", "failed", "stopped", "failing", "stalled", "silent"})
_FULL, _ALMOST = 0.95, 0.8
_STORES = {"memory": "Memory", "user": "User profile"}
_KINDS = {
    "damaged": "damaged",
    "locked": "locked by its writer just then",
    "unavailable": "cannot be read from there",
    "internal": "failed",
}


def as_html(snapshots: Snapshots, now: datetime, where: tzinfo | None = None, path: str | None = None) -> str:
    """A home at one moment, to be put into any page.

    Args:
        snapshots: As for `facts_of`.
        now: When that is true; timezone-aware.
        where: The zone for its times; None: the home's own.
        path: As for `facts_of`.
    """
    return draw(facts_of(snapshots, now, where, path))


def as_document(html: str, title: str) -> str:
    """The same as a page of its own, light or dark as its reader's system is."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n</head>\n"
        f'<body style="margin:0;padding:20px">\n<main style="max-width:920px;margin:0 auto">\n{html}\n</main>\n'
        "</body>\n</html>\n"
    )


def draw(facts: Facts) -> str:
    """The facts as HTML."""
    if facts.is_missing:
        parts = [_note("There is no Hermes home here yet.")]
    elif not facts.is_read:
        parts = [_note("The home was still being read when this was made. hud.snapshot() makes another one.")]
    else:
        parts = [
            _tiles(facts),
            _days(facts.days),
            _groups(facts),
            _memory(facts.memory),
            _states(facts),
        ]
    foot = "A snapshot: it does not change. Messages, titles, memory, prompts and paths are left out."
    return (
        f'<div lang="en" title="{escape(line(facts))}" style="{_BOX}">{_head(facts)}{"".join(parts)}'
        f'<div style="{_SOFT};margin-top:14px">{foot}</div></div>'
    )


def _head(facts: Facts) -> str:
    name = " · ".join((facts.home, *([f"profile {facts.profile}"] if facts.profile else [])))
    so_far = f" · history still being read, {percent(facts.share_read)} so far" if facts.share_read else ""
    return (
        f'<div style="{_ROW}"><div style="font-size:15px"><b>Hermes HUD</b> <span>· {escape(name)}</span></div>'
        f'<div style="{_SOFT}">as of {moment(facts.at)}{so_far}</div></div>'
    )


def _note(text: str) -> str:
    return f'<div style="margin-top:12px">{text}</div>'


# -- figures


def _tiles(facts: Facts) -> str:
    doing = [f"{facts.working} at work"] if facts.working else []
    doing += [f"{facts.asking} waiting for an answer"] if facts.asking else []
    doing += [f"{facts.crashed} crashed"] if facts.crashed else []
    tiles = [
        _tile("Live sessions", f"{facts.live or 0}{'+' if facts.is_more_live else ''}", " · ".join(doing)),
        _spent_tile("Today", facts.today),
        _spent_tile("Last 30 days", facts.month),
        _tile(
            "Conversations",
            f"{facts.conversations:,}",
            f"{compact(facts.messages)} messages · {compact(facts.tool_calls)} tool calls",
        ),
    ]
    if facts.model is not None:
        tiles.append(_tile("Configured model", facts.model, "", size="14px"))
    return f'<div style="display:flex;flex-wrap:wrap;gap:8px;margin-top:12px">{"".join(tiles)}</div>'


def _spent_tile(label: str, spent: Spent | None) -> str:
    if spent is None:
        return ""
    known = money(spent)
    more = f"{compact(spent.tokens)} tokens · {counted(spent.sessions, 'session')}"
    if known is not None and not spent.is_included:
        return _tile(label, known.removeprefix("at least "), f"at least · {more}" if spent.is_least else more)
    why = "included in a subscription" if spent.is_included else "no price known"
    return _tile(
        label,
        f"{compact(spent.tokens)} tokens",
        f"{counted(spent.sessions, 'session')}{f' · {why}' if spent.sessions else ''}",
    )


def _tile(label: str, value: str, more: str, size: str = "20px") -> str:
    below = f'<div style="{_SOFT}">{escape(more)}</div>' if more else ""
    return (
        f'<div style="flex:1 1 132px;min-width:0;border:{_RULE};border-radius:6px;padding:8px 10px">'
        f'<div style="{_SOFT}">{label}</div>'
        f'<div style="font-size:{size};font-weight:600;line-height:1.35;overflow-wrap:break-word">{escape(value)}</div>{below}</div>'
    )


# -- charts


def _days(days: Sequence[DaySpent]) -> str:
    if not any(day.sessions for day in days):
        return ""
    is_money = any(day.usd for day in days)
    values = [day.usd if is_money else float(day.tokens) for day in days]
    place, top = max(enumerate(value or 0.0 for value in values), key=lambda item: item[1])
    what = "Cost" if is_money else "Tokens"
    highest = f"highest: {usd(top) if is_money else compact(top)} on {_short(days[place].day)}" if top else ""
    first, last = _short(days[0].day), _short(days[-1].day)
    alt = f"{what} per day from {first} to {last}; {highest}"
    return (
        f'<div style="{_PART}"><div style="{_ROW}"><b>{what} per day</b><span style="{_SOFT}">{highest}</span></div>'
        f'<div style="margin:6px 0 2px 0">{columns(values, alt)}</div>'
        f'<div style="{_ROW};{_SOFT}"><span>{first}</span><span>{last}</span></div></div>'
    )


def _groups(facts: Facts) -> str:
    tables = [
        _group("By model", facts.models, facts.more_models),
        _group("By source", facts.sources, facts.more_sources),
    ]
    if not any(tables):
        return ""
    return f'<div style="display:flex;flex-wrap:wrap;gap:0 28px">{"".join(tables)}</div>'


def _group(title: str, groups: Sequence[Group], more: int) -> str:
    if not groups:
        return ""
    is_money = any(group.spent.usd for group in groups)
    sizes = [(group.spent.usd or 0.0) if is_money else float(group.spent.tokens) for group in groups]
    top = max(sizes) or 1.0
    rows = [
        (
            f'<span style="overflow-wrap:break-word">{escape(group.name)}</span>'
            f'<div style="margin-top:3px">{bar(size / top, f"{percent(size / top)} of the largest")}</div>',
            _cost(group.spent),
            compact(group.spent.tokens),
            f"{group.spent.sessions:,}",
        )
        for group, size in zip(groups, sizes, strict=True)
    ]
    head = (f"<b>{title}</b>, last 30 days", "cost", "tokens", "sessions")
    besides = f'<div style="{_SOFT}">and {more:,} more</div>' if more else ""
    return f'<div style="flex:1 1 330px;min-width:0;{_PART}">{_table(head, rows)}{besides}</div>'


def _cost(spent: Spent) -> str:
    known = money(spent)
    return (
        "included"
        if spent.is_included
        else "unknown"
        if known is None
        else escape(known.replace("at least ", "≥ "))
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    plain = "background:transparent;border:none"

    def row(cells: Sequence[str], tag: str, more: str) -> str:
        styles = (f"{_CELL};width:55%;max-width:0", *(_FIGURE for _ in cells[1:]))
        drawn = (
            f'<{tag} style="{style}{more}">{cell}</{tag}>' for cell, style in zip(cells, styles, strict=True)
        )
        return f'<tr style="{plain}">{"".join(drawn)}</tr>'

    top = row(head, "th", ";font-weight:normal;white-space:normal")
    body = "".join(row(cells, "td", "") for cells in rows)
    return (
        '<table style="width:100%;margin:0;border:none;border-collapse:collapse;table-layout:auto">'
        f'<thead style="{plain}">{top}</thead><tbody>{body}</tbody></table>'
    )


def _memory(fills: Sequence[Fill]) -> str:
    if not any(fill.entries for fill in fills):
        return ""
    drawn: list[str] = []
    for fill in fills:
        share = fill.used_chars / fill.limit_chars
        colour = RED if share >= _FULL else AMBER if share >= _ALMOST else BAR
        entries = "1 entry" if fill.entries == 1 else f"{fill.entries:,} entries"
        told = f"{entries} · {fill.used_chars:,} of {fill.limit_chars:,} characters · {percent(share)}"
        drawn.append(
            f'<div style="flex:1 1 280px;min-width:0"><div style="{_ROW}"><b>{_STORES[fill.store]}</b>'
            f'<span style="{_SOFT}">{told}</span></div>'
            f'<div style="margin-top:4px">{bar(share, f"{_STORES[fill.store]}: {percent(share)} full", colour)}</div></div>'
        )
    return f'<div style="{_PART};display:flex;flex-wrap:wrap;gap:10px 28px">{"".join(drawn)}</div>'


# -- states


def _states(facts: Facts) -> str:
    rows = [
        (label, told)
        for label, told in (
            ("Gateway", _gateway(facts)),
            ("Schedule", _cron(facts)),
            ("Under way", _work(facts)),
            ("Checks", _health(facts)),
            ("Files", _files(facts)),
        )
        if told
    ]
    drawn = "".join(
        f'<tr style="background:transparent;border:none"><th style="{_CELL};font-weight:600;white-space:nowrap;width:1%">{label}</th>'
        f'<td style="{_CELL};padding-right:0">{told}</td></tr>'
        for label, told in rows
    )
    return (
        f'<div style="{_PART}"><table style="width:100%;margin:0;border:none;border-collapse:collapse;table-layout:auto">'
        f"<tbody>{drawn}</tbody></table></div>"
    )


def _gateway(facts: Facts) -> str:
    gateway = facts.gateway
    if gateway is None:
        return ""
    told = [_mark(gateway.health, has_trouble=bool(gateway.troubled))]
    if gateway.platforms:
        told.append(f"{gateway.connected} of {counted(gateway.platforms, 'platform')} connected")
    if gateway.troubled:
        told.append(f"trouble: {escape(', '.join(gateway.troubled))}")
    return " · ".join(told)


def _cron(facts: Facts) -> str:
    cron = facts.cron
    if cron is None:
        return ""
    counts = (
        (cron.active, "active"),
        (cron.running, "running"),
        (cron.overdue, "overdue"),
        (cron.failed, "failed last time"),
    )
    told = [_mark(cron.scheduler, has_trouble=bool(cron.overdue or cron.failed))]
    told += [f"{number:,} {what}" for number, what in counts if number]
    if cron.next_at is not None:
        told.append(f"next {cron.next_at.astimezone(facts.at.tzinfo):%Y-%m-%d %H:%M}")
    return " · ".join(told)


def _work(facts: Facts) -> str:
    cards = ((facts.cards_running, "running"), (facts.cards_blocked, "blocked"))
    told = [counted(facts.background, "background agent")] if facts.background else []
    told += [f"{counted(number, 'card')} {what}" for number, what in cards if number]
    told += [counted(facts.goals, "goal")] if facts.goals else []
    return " · ".join(told)


def _health(facts: Facts) -> str:
    health = facts.health
    if health is None:
        return ""
    counts = ((health.errors, "error"), (health.warnings, "warning"))
    told = [counted(number, what) for number, what in counts if number]
    named = f" ({escape(', '.join(health.checks))})" if health.checks else ""
    colour = RED if health.errors else AMBER if health.warnings else GREEN
    return f"{_dot(colour)} {' · '.join(told) or 'nothing found'}{named} · {health.ok:,} fine"


def _files(facts: Facts) -> str:
    if not facts.troubles:
        return f"{_dot(GREEN)} all that was looked at could be read"
    return "<br>".join(_trouble(trouble) for trouble in facts.troubles)


def _trouble(trouble: Trouble) -> str:
    file = f"<code>{escape(trouble.path)}</code> " if trouble.path else ""
    return f"{_dot(RED)} {escape(trouble.panel)}: {file}{_KINDS.get(trouble.kind, 'cannot be read')}"


def _mark(word: str, *, has_trouble: bool) -> str:
    colour = FAINT if word == "unknown" else RED if word in _SICK else AMBER
    if word in _HEALTHY and not has_trouble:
        colour = GREEN
    return f"{_dot(colour)} {escape(word)}"


def _dot(colour: str) -> str:
    return f'<span style="color:{colour}">●</span>'


def _short(day: date) -> str:
    return f"{day:%b} {day.day}"
