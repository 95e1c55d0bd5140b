"""The plugins panel: which plugins, hooks, skins and themes there are, and which Hermes loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hermes_hud_widget import Home
from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.panels import ENTRY_POINTS, plugins
from hermes_hud_widget.place import Place


def write(home: Path, path: str, text: str) -> None:
    file = home / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def shown(home: Path) -> Any:
    one = OpenHome(Place(home, home, None), {"plugins": plugins.PANEL})
    try:
        found = one.collect("plugins", one.parse_query("plugins", {}), 1)
        # A home with nothing but a configuration is empty, and says what that names.
        assert (found.status in ("ok", "empty"), found.error) == (True, None)
        return found.data
    finally:
        one.close()


def by_key(home: Path) -> dict[str, Any]:
    return {plugin["key"]: plugin for plugin in shown(home)["plugins"]}


def test_a_plugin_is_loaded_only_where_the_configuration_says_so(home: Path) -> None:
    for name in ("one", "two", "three"):
        write(home, f"plugins/{name}/plugin.yaml", f"name: {name}\n")
    write(home, "plugins/image_gen/mine/plugin.yaml", "name: mine\nkind: backend\n")
    write(home, "config.yaml", "plugins: {enabled: [one, two, image_gen/mine], disabled: [two]}\n")
    assert {key: plugin["state"] for key, plugin in by_key(home).items()} == {
        "one": "enabled",
        "two": "disabled",
        "three": "off",
        "image_gen/mine": "enabled",
    }


@pytest.mark.parametrize("written", ["enabled: one", "enabled:", "{}"])
def test_without_a_list_nothing_is_enabled(home: Path, written: str) -> None:
    write(home, "plugins/one/plugin.yaml", "name: one\n")
    write(home, "config.yaml", f"plugins:\n  {written}\n")
    assert by_key(home)["one"]["state"] == "off"


def test_what_its_manifest_says_is_shown(home: Path) -> None:
    write(
        home,
        "plugins/one/plugin.yml",
        "name: uno\nversion: 1.10\nauthor: Mira\ndescription: Counts\nprovides_tools: [count, add]\n"
        "provides_hooks: [a]\nhooks: [b]\nrequires_env: [KEY_OF_IT, {name: OTHER}]\n",
    )
    plugin = by_key(home)["uno"]
    assert (plugin["version"], plugin["author"], plugin["description"]) == ("1.1", "Mira", "Counts")
    assert (plugin["tools"], plugin["hooks"]) == (["count", "add"], ["a", "b"])
    assert plugin["needs"] == ["KEY_OF_IT", "OTHER"]


def test_a_folder_with_a_manifest_is_a_plugin_and_only_one_without_is_a_group(home: Path) -> None:
    write(home, "plugins/one/plugin.yaml", "name: one\n")
    write(home, "plugins/one/sub/plugin.yaml", "name: sub\n")
    write(home, "plugins/a/b/plugin.yaml", "name: other\n")
    write(home, "plugins/a/b/c/plugin.yaml", "name: too-deep\n")
    assert set(by_key(home)) == {"one", "a/b"}


def test_providers_are_known_by_their_code_where_the_manifest_does_not_say(home: Path) -> None:
    write(home, "plugins/notes/plugin.yaml", "name: notes\n")
    write(home, "plugins/notes/__init__.py", "def register(ctx): ctx.register_memory_provider(None)\n")
    write(home, "plugins/models/plugin.yaml", "name: models\n")
    write(home, "plugins/models/__init__.py", "register_provider(ProviderProfile())\n")
    write(home, "plugins/said/plugin.yaml", "name: said\nkind: standalone\n")
    write(home, "plugins/said/__init__.py", "class MemoryProvider: pass\n")
    found = by_key(home)
    assert {key: (plugin["kind"], plugin["state"]) for key, plugin in found.items()} == {
        "notes": ("exclusive", "elsewhere"),
        "models": ("model-provider", "enabled"),
        "said": ("standalone", "off"),
    }
    assert found["notes"]["chosen_by"] == "memory.provider"
    write(home, "config.yaml", "memory: {provider: notes}\n")
    assert by_key(home)["notes"]["state"] == "enabled"


def test_a_broken_manifest_is_named_and_costs_no_other(home: Path) -> None:
    write(home, "plugins/bad/plugin.yaml", "name: [\n")
    write(home, "plugins/list/plugin.yaml", "- a\n")
    write(home, "plugins/good/plugin.yaml", "name: good\n")
    found = by_key(home)
    assert (found["bad"]["state"], found["list"]["state"], found["good"]["state"]) == (
        "broken",
        "broken",
        "off",
    )
    assert "not valid YAML" in found["bad"]["problem"]
    assert found["list"]["problem"] == "it holds a list, expected a mapping"


def test_what_the_configuration_names_and_the_home_lacks_is_listed(home: Path) -> None:
    write(home, "config.yaml", "plugins: {enabled: [disk-cleanup], disabled: [spotify]}\n")
    assert [(one["key"], one["state"], one["is_here"]) for one in shown(home)["plugins"]] == [
        ("disk-cleanup", "enabled", False),
        ("spotify", "disabled", False),
    ]


def test_hooks_are_loaded_by_the_gateways_conditions(home: Path) -> None:
    write(home, "hooks/good/HOOK.yaml", "name: good\nevents: [agent:end]\n")
    write(home, "hooks/good/handler.py", "")
    write(home, "hooks/idle/HOOK.yaml", "name: idle\n")
    write(home, "hooks/idle/handler.py", "")
    write(home, "hooks/lone/HOOK.yaml", "events: [a]\n")
    write(home, "hooks/none/HOOK.yaml", "")
    write(home, "hooks/none/handler.py", "")
    assert {hook["name"]: hook["problem"] for hook in shown(home)["hooks"]} == {
        "good": None,
        "idle": "it names no events",
        "lone": "it has no handler.py",
        "none": "it is empty",
    }


def test_the_skin_and_the_theme_in_use_are_marked(home: Path) -> None:
    write(home, "skins/velo.yaml", "name: velo\ndescription: Green\n")
    write(home, "skins/plain.yaml", "")
    write(home, "dashboard-themes/night.yaml", "name: night\nlabel: Night\n")
    write(home, "config.yaml", "display: {skin: velo}\ndashboard: {theme: night}\n")
    looks = shown(home)["looks"]
    assert [(one["kind"], one["name"], one["is_in_use"]) for one in looks] == [
        ("skin", "plain", False),
        ("skin", "velo", True),
        ("theme", "night", True),
    ]


def test_panels_of_other_packages_are_listed_by_the_group_that_they_come_from() -> None:
    assert plugins.PANEL.sources["panels"].group == ENTRY_POINTS  # type: ignore[attr-defined]


def test_the_frame_has_a_row_for_each(home: Path) -> None:
    write(home, "plugins/one/plugin.yaml", "name: one\n")
    write(home, "hooks/good/HOOK.yaml", "events: [a]\n")
    write(home, "skins/velo.yaml", "name: velo\n")
    with Home(home) as one:
        rows = one.frame("plugins")
        data = one.panel("plugins")["data"]
    assert list(rows["what"]) == ["plugin", "hook", "skin"]
    assert list(rows["state"]) == ["off", "broken", "off"]
    assert len(data["plugins"]) == int((rows["what"] == "plugin").sum())


def test_every_number_can_be_recomputed_from_the_frames(home: Path) -> None:
    for number in range(plugins.PLUGINS_SHOWN + 3):
        write(home, f"plugins/p{number:03}/plugin.yaml", f"name: p{number:03}\n")
    write(home, "plugins/bad/plugin.yaml", "name: [\n")
    write(home, "hooks/good/HOOK.yaml", "events: [agent:start]\n")
    write(home, "skins/velo.yaml", "name: velo\n")
    write(home, "dashboard-themes/night.yaml", "name: night\n")
    write(home, "config.yaml", "plugins: {enabled: [p001, from-elsewhere], disabled: [p002]}\n")
    with Home(home) as one:
        rows = one.frame("plugins")
        data = one.panel("plugins")["data"]
    of_kind = rows["what"].value_counts()
    assert data["total"] == of_kind["plugin"] == plugins.PLUGINS_SHOWN + 5 > len(data["plugins"])
    assert (len(data["hooks"]), len(data["looks"])) == (of_kind["hook"], of_kind["skin"] + of_kind["theme"])
    shown = rows[rows["what"] == "plugin"].head(plugins.PLUGINS_SHOWN)
    assert [plugin["state"] for plugin in data["plugins"]] == list(shown["state"])
    by_state = rows[rows["what"] == "plugin"]["state"].value_counts()
    assert by_state.to_dict() == {"off": plugins.PLUGINS_SHOWN + 1, "enabled": 2, "disabled": 1, "broken": 1}
