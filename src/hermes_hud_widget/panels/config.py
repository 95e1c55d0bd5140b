"""The configuration as Hermes reads it: what was set, what is the default; secrets are not told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panel import Panel, Payload, Query
from hermes_hud_widget.panels.effective import effective
from hermes_hud_widget.panels.written import mapping, program
from hermes_hud_widget.sources import ConfigFile, EnvNames, Folder, FoundFiles, Settings
from hermes_hud_widget.upstream import upstream
from hermes_hud_widget.views import view

VALUE_CHARS = 400
"""Longer values are cut to so many characters."""
ENTRIES_SHOWN = 2_500
MOST_DEPTH = 12
VARIABLES_SHOWN = 60


class ConfigQuery(Query):
    """What a viewer asks for."""

    all: bool = Field(False, description="Also the values that nobody has set: Hermes' defaults")


ConfigNoteKind = Literal["moved", "wrong-type", "misplaced"]


@frozen
class ConfigEntry:
    """One value.

    Attributes:
        path: Its keys with dots between them; `[0]` is a place in a list.
        value: As JSON, but texts as they are; None: it is masked.
        default: Hermes' default where it is another, in the same form; None: it is not known, or is the value.
        is_set: True if `config.yaml` says it, also where that is the default.
        is_known: True if Hermes has a default for it, or for the section that it stands in.
        is_masked: True for what is, or may be, a secret or somebody's address.
    """

    path: str
    value: str | None
    default: str | None
    is_set: bool
    is_known: bool
    is_masked: bool


@frozen
class ConfigSection:
    """What stands below one top-level key.

    Attributes:
        is_known: False for a key that Hermes does not know; it may be somebody's own.
        written: How many of its values `config.yaml` says.
        changed: How many of these differ from the default, as far as one is known.
        total: How many values it has.
        entries: Those that are written, or all of them.
    """

    name: str
    is_known: bool
    written: int
    changed: int
    total: int
    entries: tuple[ConfigEntry, ...]


@frozen
class ConfigNote:
    """Something in `config.yaml` that Hermes reads in another way than it is written.

    Attributes:
        kind: `moved`: an old place, Hermes reads it as `to`; `wrong-type`: another type than the default's;
            `misplaced`: a provider's key at the top level, where nobody reads it.
        to: The place where it belongs, or the type that is expected.
    """

    path: str
    kind: ConfigNoteKind
    to: str


class Configuration(Payload):
    """What the config panel shows.

    Attributes:
        sections: Those with something set first, each in Hermes' own order.
        written: How many values `config.yaml` says.
        changed: How many of these differ from the default, as far as one is known.
        total: How many values there are.
        left_out: How many of those asked for are beyond the first 2,500.
        defaults_of: The release of hermes-agent whose defaults are shown.
        written_version: `_config_version` in the file; None: it has none.
        known_version: That of the release whose defaults are shown.
        backups: Copies that Hermes made of the file before it changed it.
        damaged_backups: Copies that it made because the file could not be read.
        last_backup_at: When the newest of both was written.
        variables: Names in `.env` by which Hermes is set up beside `config.yaml` (`HERMES_KANBAN_HOME`: where the
            boards lie; `TERMINAL_ENV`), at most 60; their values are not read.
    """

    sections: tuple[ConfigSection, ...]
    notes: tuple[ConfigNote, ...]
    written: int
    changed: int
    total: int
    left_out: int
    defaults_of: str
    written_version: int | None
    known_version: int
    backups: int
    damaged_backups: int
    last_backup_at: datetime | None
    variables: tuple[str, ...]

    def is_empty(self) -> bool:
        return not (self.written or self.backups or self.damaged_backups or self.variables)


def collect(config: Settings, backups: FoundFiles, env: frozenset[str], query: ConfigQuery) -> Configuration:
    """The values that are set, or all."""
    entries = [leaf.entry for leaf in leaves(config)]
    sections: dict[str, list[ConfigEntry]] = {}
    for entry in entries:
        sections.setdefault(re.split(r"[.\[]", entry.path, maxsplit=1)[0], []).append(entry)
    asked = [entry for entry in entries if query.all or entry.is_set]
    shown = {id(entry) for entry in asked[:ENTRIES_SHOWN]}
    made = [_section(name, own, shown) for name, own in sections.items()]
    damaged = sum(".corrupt." in file.path for file in backups.files)
    version = config.get("_config_version")
    return Configuration(
        sections=tuple(sorted(made, key=lambda section: not section.written)),
        notes=tuple(_notes(config.values)),
        written=sum(entry.is_set for entry in entries),
        changed=sum(map(_is_changed, entries)),
        total=len(entries),
        left_out=max(0, len(asked) - ENTRIES_SHOWN),
        defaults_of=upstream().version,
        written_version=version if isinstance(version, int) and not isinstance(version, bool) else None,
        known_version=upstream().config["_config_version"],
        backups=backups.total - damaged,
        damaged_backups=damaged,
        last_backup_at=max((file.modified_at for file in backups.files), default=None),
        variables=_variables(env)[:VARIABLES_SHOWN],
    )


def _variables(env: frozenset[str]) -> tuple[str, ...]:
    """Those that are settings of Hermes' own, and no keys."""
    return tuple(
        sorted(
            name[:VALUE_CHARS]
            for name in env
            if name.startswith(("HERMES_", "TERMINAL_"))
            and not name.endswith(("_KEY", "_TOKEN", "_SECRET", "_PASSWORD"))
        )
    )


def _section(name: str, entries: list[ConfigEntry], shown: set[int]) -> ConfigSection:
    return ConfigSection(
        name=name,
        is_known=name in upstream().config or name in upstream().config_roots,
        written=sum(entry.is_set for entry in entries),
        changed=sum(map(_is_changed, entries)),
        total=len(entries),
        entries=tuple(entry for entry in entries if id(entry) in shown),
    )


def _is_changed(entry: ConfigEntry) -> bool:
    """Whether a value is set that is another than a default that is known."""
    return entry.is_set and (entry.default is not None or (entry.is_masked and entry.is_known))


_MISSING = object()


class Leaf(NamedTuple):
    """A value of the effective configuration where it stands, and what may be shown of it."""

    path: Path
    value: Any
    entry: ConfigEntry


def leaves(config: Settings) -> list[Leaf]:
    """The leaves of the effective configuration, in Hermes' own order; what it does not know comes last."""
    merged = effective(config.values)
    # Whatever was moved to its place counts as set there.
    written = _only_written(merged, config.values)
    return [
        Leaf(
            path, value, _entry(path, value, _at(upstream().config, path), _at(written, path) is not _MISSING)
        )
        for path, value in _leaves(merged, ())
        if path != ("_config_version",)
    ]


def _only_written(merged: Mapping[str, Any], written: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was written, in the places where Hermes reads it."""
    moved = {**written}
    if "max_turns" in moved:
        moved["agent"] = {**mapping(moved.get("agent")), "max_turns": moved.pop("max_turns")}
    old = [key for key in ("provider", "base_url", "context_length", "api_base") if moved.pop(key, None)]
    if old or moved.get("model"):
        moved["model"] = merged["model"]
    return moved


Path = tuple[str | int, ...]


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Values that are no sections: a list is one unless it holds sections itself."""
    if isinstance(value, Mapping) and value and len(path) < MOST_DEPTH:
        for key, below in value.items():
            yield from _leaves(below, (*path, str(key)))
    elif (
        isinstance(value, list)
        and len(path) < MOST_DEPTH
        and any(isinstance(one, (Mapping, list)) for one in value)
    ):
        for place, below in enumerate(value):
            yield from _leaves(below, (*path, place))
    else:
        yield path, value


def _at(values: Any, path: Path) -> Any:
    """What lies there; a key may have been of another type than text."""
    for key in path:
        if isinstance(values, Mapping):
            values = values.get(key, _MISSING) if key in values else _by_text(values, key)
        elif isinstance(values, list) and isinstance(key, int) and key < len(values):
            values = values[key]
        else:
            return _MISSING
    return values


def _by_text(values: Mapping[Any, Any], key: str | int) -> Any:
    return next((value for name, value in values.items() if str(name) == key), _MISSING)


def _entry(path: Path, value: Any, default: Any, is_set: bool) -> ConfigEntry:
    is_same = default is not _MISSING and value == default and type(value) is type(default)
    is_masked = not is_same and _is_secret(path, value, default)
    return ConfigEntry(
        path=_spelled(path)[:300],
        value=None if is_masked else _text(value, is_command=path[-1] in _COMMANDS),
        default=None if default is _MISSING or is_same else _text(default),
        is_set=is_set,
        is_known=default is not _MISSING or _is_open(path),
        is_masked=is_masked,
    )


def _is_open(path: Path) -> bool:
    """Whether it stands in a section that Hermes has, but without anything in it: others fill it."""
    return any(_at(upstream().config, path[:depth]) in ({}, []) for depth in range(1, len(path)))


def _spelled(path: Path) -> str:
    spelled = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return spelled.removeprefix(".")


_COMMANDS = ("command", "cmd", "commands")
"""Keys of programs to start, whose arguments may hold a key."""


def _text(value: Any, *, is_command: bool = False) -> str:
    """As JSON, but texts as they are, without what a URL or a command may carry along."""
    if isinstance(value, str) and is_command and value.strip():
        name = program(value) or ""
        return name if name == value.strip() else f"… {name} …" if " " in value.strip() else f"…/{name}"
    if isinstance(value, str):
        return _plain(value)[:VALUE_CHARS]
    if isinstance(value, list):
        value = [_plain(one) if isinstance(one, str) else one for one in value]
    return json.dumps(value, ensure_ascii=False, default=str)[:VALUE_CHARS]


def _plain(written: str) -> str:
    """A URL without user, query and fragment; anything else as it is."""
    if "://" not in written:
        return written
    try:
        parts = urlsplit(written.strip())
        if not parts.netloc:
            return "…"
        # Some services give everybody a path of his own instead of a key.
        path = parts.path if _PATH.fullmatch(parts.path) else "/…"
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))
    except ValueError:
        return "…"


_PATH = re.compile(r"(?:/(?:[a-z]{1,12}[0-9.]{0,4}|compatible-mode))*/?")
"""As endpoints have it: `/api/v1`."""
_SECRET = re.compile(
    r"(?i)api_?keys?|(?<!max_)(?<!_)token|_token(?!s)|secret|passw|passphrase|headers|(?:^|_)env(?:$|ironment)"
    r"|authori[sz]ation|credential|bearer|cookie|jwt|private_?key|(?:^|_)(?:auth|key|args)$|basic_auth|extra$"
)
"""Names of what may hold a secret, at any depth."""
_PERSON = re.compile(
    r"(?i)(?:^|_)(?:users?|chats?|channels?|phones?|emails?|accounts?|guilds?|contacts?|rooms?|people)(?:_(?:ids?|list|numbers?))?$"
    r"|^(?:user|chat|channel|account|guild|display)_(?:id|name)s?$|allow(?:ed)?_?(?:from|list|users)"
)
"""Names of what may say who somebody is."""
_REFERENCE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_HARMLESS = frozenset({"oauth", "none", "basic", "bearer", "auto", "true", "false"})


def _is_secret(path: Path, value: Any, default: Any) -> bool:
    """Whether a value is to be hidden: by the name of its key or of any section that it stands in."""
    if value is None or isinstance(value, bool) or value in ("", [], {}):
        return False
    if isinstance(value, str) and (_REFERENCE.fullmatch(value) or value.lower() in _HARMLESS):
        return False
    # A limit of tokens is a number, and Hermes' default says so.
    if (
        isinstance(value, (int, float))
        and isinstance(default, (int, float))
        and not isinstance(default, bool)
    ):
        return False
    names = [key for key in path if isinstance(key, str)]
    # These hold names of variables, and of tools.
    if names and names[-1] in ("key_env", "api_key_env", "command_allowlist", "toolsets"):
        names = names[:-1]
    return any(_SECRET.search(name) or _PERSON.search(name) for name in names)


_MOVED: Mapping[str, str] = {
    "max_turns": "agent.max_turns",
    "provider": "model.provider",
    "base_url": "model.base_url",
    "context_length": "model.context_length",
    "api_base": "model.base_url",
    "fallback_model": "fallback_providers",
    "custom_providers": "providers",
}
"""Old places (`hermes_cli/config.py`); those of the last two Hermes reads beside the new ones."""
_MOVED_IN_MODEL: Mapping[str, str] = {
    "api_base": "model.base_url",
    "model": "model.default",
    "name": "model.default",
}


def _notes(written: Mapping[str, Any]) -> Iterator[ConfigNote]:
    for key, to in _MOVED.items():
        if written.get(key):
            yield ConfigNote(key, "moved", to)
    model = written.get("model")
    for key, to in _MOVED_IN_MODEL.items():
        if isinstance(model, Mapping) and model.get(key):
            yield ConfigNote(f"model.{key}", "moved", to)
    for key in ("api_key", "rate_limit_delay", "api_mode"):
        if key in written:
            yield ConfigNote(key, "misplaced", f"model.{key}")
    if isinstance(written.get("custom_providers"), Mapping):
        yield ConfigNote("custom_providers", "wrong-type", "list")
    yield from _wrong(written, upstream().config, ())


def _wrong(written: Any, defaults: Any, path: Path) -> Iterator[ConfigNote]:
    """Values whose type is not the default's: a section that is none, a number in quotes."""
    for key, value in mapping(written).items():
        if key not in defaults or value is None:
            continue
        default, here = defaults[key], (*path, key)
        expected = _kind(default)
        # Some sections may be written as one word, and what has no default may be anything.
        if here == ("model",) or expected is None or default == "":
            continue
        if isinstance(default, Mapping) and isinstance(value, Mapping):
            yield from _wrong(value, default, here)
        elif _kind(value) != expected and not (
            expected == "number" and _kind(value) == "switch" and value is False
        ):
            yield ConfigNote(_spelled(here)[:300], "wrong-type", expected)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "switch"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "section" if isinstance(value, Mapping) else None


def _fill(config: Settings, args: FrameArguments) -> dict[str, list[Any]]:
    # Where nothing was written, or there is no home at all, defaults alone would look like something found.
    rows = [leaf.entry for leaf in leaves(config)[: args.limit]] if config.values else []
    return {column.name: [getattr(row, column.name) for row in rows] for column in COLUMNS}


COLUMNS = (
    Column("path", "text", "Its keys with dots between them", is_identifier=True, source="config.yaml"),
    Column("value", "text", "What Hermes takes; missing: masked", source="config.yaml, else the default"),
    Column(
        "default",
        "text",
        "Hermes' default, where it is another",
        source="hermes_cli/config.py: DEFAULT_CONFIG",
    ),
    Column("is_set", "boolean", "config.yaml says it", source="config.yaml"),
    Column("is_known", "boolean", "Hermes has a default for it, or for its section", source="computed"),
    Column("is_masked", "boolean", "It is, or may be, a secret or somebody's address", source="computed"),
)

PANEL = Panel(
    "config",
    "Config",
    collect,
    titles={"zh": "配置"},
    icon="sliders",
    group="system",
    query=ConfigQuery,
    frames=(
        Frame(
            "config",
            COLUMNS,
            _fill,
            about="One row for each value, set or not, in the order of Hermes' defaults; none where nothing is set",
            source="config.yaml",
        ),
    ),
    view=view("config"),
    config=ConfigFile(),
    backups=Folder(".", "config.yaml*.bak*", most=1000),
    env=EnvNames(),
)
