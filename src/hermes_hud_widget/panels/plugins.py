"""Hermes' plugins, hooks, skins and themes in this home: what each brings, and whether Hermes loads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from hermes_hud_widget.frames import Column, Frame, FrameArguments
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.panel import Panel, Payload
from hermes_hud_widget.panels.written import text
from hermes_hud_widget.sources import Config, Folder, FoundFile, FoundFiles, Settings
from hermes_hud_widget.sources.installed import EntryPoints, InstalledEntry
from hermes_hud_widget.sources.yaml import NotYamlError, load_yaml
from hermes_hud_widget.views import view

PLUGINS_SHOWN, NAMES_SHOWN, DESCRIPTION_CHARS = 200, 60, 500
MOST = 2_000
"""More plugins than are shown are read: they have rows in the frame, and count."""
MANIFEST_BYTES, THEME_BYTES, HEAD_BYTES = 64 * 1024, 256 * 1024, 8 * 1024
KINDS = ("standalone", "backend", "exclusive", "platform", "model-provider")
MANIFESTS = ("plugin.yaml", "plugin.yml")

PluginState = Literal["enabled", "disabled", "off", "elsewhere", "broken"]
PluginThingKind = Literal["plugin", "hook", "skin", "theme", "panel"]


@frozen
class Plugin:
    """One plugin in `plugins/`, or one that the configuration names and this home lacks.

    Attributes:
        key: What `plugins.enabled` calls it.
        name: As its manifest says.
        kind: What it is; what Hermes does not know counts as `standalone` to it.
        state: `enabled`: Hermes loads it; `disabled`: the configuration forbids it; `off`: nobody has enabled it;
            `elsewhere`: a memory or other provider, which its own setting chooses; `broken`: its manifest cannot be read.
        chosen_by: The setting that chooses it, of state `elsewhere`.
        is_here: False for one that comes with Hermes or from another package, as far as can be seen here.
        tools: Names of tools that it brings.
        hooks: Names of hooks that it brings.
        needs: Names of environment variables that it needs.
        problem: What is wrong with its manifest, in words.
    """

    key: str
    name: str
    version: str | None
    description: str | None
    author: str | None
    kind: str
    state: PluginState
    chosen_by: str | None
    is_here: bool
    tools: tuple[str, ...]
    hooks: tuple[str, ...]
    needs: tuple[str, ...]
    modified_at: datetime | None
    problem: str | None


@frozen
class PluginHook:
    """One of the gateway's hooks (`hooks/NAME/HOOK.yaml`).

    Attributes:
        events: When it runs.
        problem: Why the gateway does not load it, in words; None: it does, as far as can be seen here.
    """

    name: str
    description: str | None
    events: tuple[str, ...]
    problem: str | None


@frozen
class PluginLook:
    """A skin of the terminal (`skins/`) or a theme of Hermes' dashboard (`dashboard-themes/`)."""

    kind: Literal["skin", "theme"]
    name: str
    description: str | None
    is_in_use: bool
    problem: str | None


@frozen
class PluginPanel:
    """A panel of this HUD that another package brings."""

    name: str
    package: str | None
    version: str | None


class PluginList(Payload):
    """What the plugins panel shows.

    Attributes:
        plugins: Those in this home first, by key, at most 200; then those that the configuration names only.
        total: How many there are.
    """

    plugins: tuple[Plugin, ...]
    total: int
    hooks: tuple[PluginHook, ...]
    looks: tuple[PluginLook, ...]
    panels: tuple[PluginPanel, ...]

    def is_empty(self) -> bool:
        return not (self.plugins or self.hooks or self.looks or self.panels)


def collect(
    flat: FoundFiles,
    nested: FoundFiles,
    flat_code: FoundFiles,
    nested_code: FoundFiles,
    hooks: FoundFiles,
    handlers: FoundFiles,
    skins: FoundFiles,
    themes: FoundFiles,
    panels: tuple[InstalledEntry, ...],
    config: Settings,
) -> PluginList:
    """All that extends Hermes here."""
    found = _plugins(flat, nested, flat_code, nested_code, config)
    return PluginList(
        plugins=tuple(found[:PLUGINS_SHOWN]),
        total=len(found),
        hooks=tuple(_hooks(hooks, handlers)),
        looks=(
            *_looks("skin", skins, config.text("display.skin")),
            *_looks("theme", themes, config.text("dashboard.theme")),
        ),
        panels=tuple(PluginPanel(one.name, one.package, one.version) for one in panels),
    )


# -- plugins (`hermes_cli/plugins.py`)


def _plugins(
    flat: FoundFiles, nested: FoundFiles, flat_code: FoundFiles, nested_code: FoundFiles, config: Settings
) -> list[Plugin]:
    heads = {
        file.path.removesuffix("/__init__.py"): file.text or ""
        for file in (*flat_code.files, *nested_code.files)
    }
    manifests = _manifests(flat)
    # A folder with a manifest is a plugin; only one without is a group of plugins.
    manifests |= {
        folder: file for folder, file in _manifests(nested).items() if folder.split("/")[0] not in manifests
    }
    enabled, disabled = _listed(config, "enabled"), _listed(config, "disabled")
    found = [
        _plugin(folder, file, heads.get(folder, ""), enabled, disabled, config)
        for folder, file in manifests.items()
    ]
    found.sort(key=lambda plugin: plugin.key)
    known = {name for plugin in found for name in (plugin.key, plugin.name)}
    return [
        *found,
        *(
            _named(name, name in disabled)
            for name in dict.fromkeys([*enabled, *disabled])
            if name not in known
        ),
    ]


def _manifests(files: FoundFiles) -> dict[str, FoundFile]:
    """By folder; `plugin.yaml` goes before `plugin.yml`."""
    found: dict[str, FoundFile] = {}
    for name in reversed(MANIFESTS):
        for file in files.files:
            folder, _, written = file.path.rpartition("/")
            if written == name:
                found[folder] = file
    return found


def _listed(config: Settings, which: str) -> list[str]:
    names = config.get(f"plugins.{which}")
    return (
        [str(name)[:200] for name in names if isinstance(name, (str, int))] if isinstance(names, list) else []
    )


def _plugin(
    folder: str, file: FoundFile, head: str, enabled: list[str], disabled: list[str], config: Settings
) -> Plugin:
    manifest, problem = _yaml(file)
    is_nested = "/" in folder
    name = text(manifest.get("name"), 200) or folder.rpartition("/")[2]
    key = folder if is_nested else name
    kind = _kind(manifest, head)
    chosen_by = f"{folder.split('/')[0] if is_nested else 'memory'}.provider" if kind == "exclusive" else None
    state: PluginState
    if problem is not None:
        state = "broken"
    elif key in disabled or name in disabled:
        state = "disabled"
    elif kind == "exclusive":
        # Of these only one is in use, which its category's own setting names.
        state = (
            "enabled"
            if chosen_by and config.text(chosen_by) in (key, name, folder.rpartition("/")[2])
            else "elsewhere"
        )
    elif kind == "model-provider" or key in enabled or name in enabled:
        state = "enabled"
    else:
        state = "off"
    return Plugin(
        key=key,
        name=name,
        version=text(manifest.get("version"), 60),
        description=text(manifest.get("description"), DESCRIPTION_CHARS),
        author=text(manifest.get("author"), 200),
        kind=kind,
        state=state,
        chosen_by=chosen_by if state == "elsewhere" else None,
        is_here=True,
        tools=_names(manifest.get("provides_tools")),
        hooks=tuple(dict.fromkeys((*_names(manifest.get("provides_hooks")), *_names(manifest.get("hooks")))))[
            :NAMES_SHOWN
        ],
        needs=_names(_needed(manifest.get("requires_env"))),
        modified_at=file.modified_at,
        problem=problem,
    )


def _kind(manifest: Mapping[str, Any], head: str) -> str:
    written = manifest.get("kind", "standalone")
    kind = written.strip().lower() if isinstance(written, str) else "standalone"
    if kind not in KINDS:
        kind = "standalone"
    if "kind" in manifest or kind != "standalone":
        return kind
    # Without a word in the manifest Hermes looks into the code.
    if "register_memory_provider" in head or "MemoryProvider" in head:
        return "exclusive"
    if "register_provider" in head and "ProviderProfile" in head:
        return "model-provider"
    return kind


def _needed(written: Any) -> list[Any]:
    """Names of variables: `requires_env` lists them, or mappings with a `name` or `key`."""
    listed = written if isinstance(written, list) else []
    return [one.get("name") or one.get("key") if isinstance(one, Mapping) else one for one in listed]


def _named(name: str, is_disabled: bool) -> Plugin:
    """One that comes from somewhere else."""
    return Plugin(
        key=name,
        name=name,
        version=None,
        description=None,
        author=None,
        kind="unknown",
        state="disabled" if is_disabled else "enabled",
        chosen_by=None,
        is_here=False,
        tools=(),
        hooks=(),
        needs=(),
        modified_at=None,
        problem=None,
    )


def _yaml(file: FoundFile) -> tuple[Mapping[str, Any], str | None]:
    """What the file says; nothing, and what is wrong, where that cannot be read."""
    if file.text is None:
        return {}, file.problem or "it cannot be read"
    try:
        values = load_yaml(file.text)
    except NotYamlError as error:
        return {}, f"it {error}"
    if values is None:
        return {}, None
    if not isinstance(values, Mapping):
        return {}, f"it holds a {type(values).__name__}, expected a mapping"
    return values, None


def _names(written: Any) -> tuple[str, ...]:
    listed: Iterable[Any] = written if isinstance(written, list) else [written]
    return tuple(name for one in listed if (name := text(one, 120)))[:NAMES_SHOWN]


# -- the rest


def _hooks(manifests: FoundFiles, handlers: FoundFiles) -> Iterator[PluginHook]:
    """By the gateway's own conditions (`gateway/hooks.py`)."""
    with_handler = {file.path.rpartition("/")[0] for file in handlers.files}
    for file in sorted(manifests.files, key=lambda one: one.path)[:PLUGINS_SHOWN]:
        folder = file.path.rpartition("/")[0]
        values, problem = _yaml(file)
        events = _names(values.get("events"))
        if problem is None and folder not in with_handler:
            problem = "it has no handler.py"
        elif problem is None and not values:
            problem = "it is empty"
        elif problem is None and not events:
            problem = "it names no events"
        yield PluginHook(
            text(values.get("name"), 200) or folder,
            text(values.get("description"), DESCRIPTION_CHARS),
            events,
            problem,
        )


def _looks(kind: Literal["skin", "theme"], files: FoundFiles, in_use: str | None) -> Iterator[PluginLook]:
    for file in sorted(files.files, key=lambda one: one.path)[:PLUGINS_SHOWN]:
        values, problem = _yaml(file)
        name = text(values.get("name"), 200) or file.path.removesuffix(".yaml")
        described = values.get("description") or values.get("label")
        yield PluginLook(kind, name, text(described, DESCRIPTION_CHARS), name == in_use, problem)


# -- the frame


def fill(
    flat: FoundFiles,
    nested: FoundFiles,
    flat_code: FoundFiles,
    nested_code: FoundFiles,
    hooks: FoundFiles,
    handlers: FoundFiles,
    skins: FoundFiles,
    themes: FoundFiles,
    panels: tuple[InstalledEntry, ...],
    config: Settings,
    args: FrameArguments,
) -> dict[str, list[Any]]:
    """One row for each plugin, hook, skin, theme and panel."""
    none: tuple[str, ...] = ()
    rows: list[tuple[Any, ...]] = [
        (
            "plugin",
            one.key,
            one.name,
            one.version,
            one.kind,
            one.state,
            one.is_here,
            one.tools,
            one.hooks,
            one.problem,
        )
        for one in _plugins(flat, nested, flat_code, nested_code, config)
    ]
    rows += [
        (
            "hook",
            one.name,
            one.name,
            None,
            None,
            "broken" if one.problem else "enabled",
            True,
            none,
            one.events,
            one.problem,
        )
        for one in _hooks(hooks, handlers)
    ]
    rows += [
        (look.kind, look.name, look.name, None, None, _state_of(look), True, none, none, look.problem)
        for look in (
            *_looks("skin", skins, config.text("display.skin")),
            *_looks("theme", themes, config.text("dashboard.theme")),
        )
    ]
    rows += [
        ("panel", one.name, one.package, one.version, None, "enabled", False, none, none, None)
        for one in panels
    ]
    columns = dict(zip(FRAME.column_names, map(list, zip(*rows[: args.limit], strict=True)), strict=False))
    return {name: columns.get(name, []) for name in args.columns or FRAME.column_names}


def _state_of(look: PluginLook) -> str:
    return "broken" if look.problem else "enabled" if look.is_in_use else "off"


FRAME = Frame(
    "plugins",
    (
        Column("what", "category", "`plugin`, `hook`, `skin`, `theme` or `panel` (of this HUD)"),
        Column("key", "text", "What the configuration calls it", is_identifier=True),
        Column("name", "text", "Its name; a panel's package"),
        Column("version", "text", "Its version"),
        Column("kind", "category", "A plugin's kind"),
        Column(
            "state", "category", "`enabled`, `disabled`, `off`, `elsewhere` or `broken`", source="config.yaml"
        ),
        Column("is_here", "boolean", "It lies in this home"),
        Column("tools", "texts", "Tools that it brings"),
        Column("hooks", "texts", "Hooks that it brings, or events at which it runs"),
        Column("problem", "text", "What is wrong with its manifest"),
    ),
    fill,
    about="One plugin, hook, skin or theme of this home, or a panel that another package brings to this HUD",
    source="plugins/*/plugin.yaml, hooks/*/HOOK.yaml, skins/, dashboard-themes/",
)

PANEL = Panel(
    "plugins",
    "Plugins",
    collect,
    titles={"zh": "插件"},
    icon="puzzle",
    group="system",
    frames=(FRAME,),
    view=view("plugins"),
    flat=Folder("plugins", "*/plugin.y*ml", most=MOST, read_bytes=MANIFEST_BYTES),
    nested=Folder("plugins", "*/*/plugin.y*ml", most=MOST, read_bytes=MANIFEST_BYTES),
    flat_code=Folder("plugins", "*/__init__.py", most=MOST, read_bytes=HEAD_BYTES),
    nested_code=Folder("plugins", "*/*/__init__.py", most=MOST, read_bytes=HEAD_BYTES),
    hooks=Folder("hooks", "*/HOOK.yaml", read_bytes=MANIFEST_BYTES),
    handlers=Folder("hooks", "*/handler.py"),
    skins=Folder("skins", "*.yaml", read_bytes=THEME_BYTES),
    themes=Folder("dashboard-themes", "*.yaml", read_bytes=THEME_BYTES),
    panels=EntryPoints("hermes_hud_widget.panels"),
    config=Config(),
)
