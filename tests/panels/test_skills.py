"""The skills panel's function, on contents that the test makes up: no file, no clock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast, get_args

import pytest

from hermes_hud_widget.core import OpenHome
from hermes_hud_widget.frames import FrameArguments
from hermes_hud_widget.panel import Until
from hermes_hud_widget.panels import skills
from hermes_hud_widget.panels.skills import PANEL, Skill, Skills, SkillsQuery, SkillText
from hermes_hud_widget.place import find_place
from hermes_hud_widget.sources import Document, Outside, Settings, Tree
from support.agent import MakeAgent

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


def document(folder: str, **values: Any) -> Document:
    """A skill's document; `front` is its front matter."""
    front = values.pop("front", {"name": folder.rpartition("/")[2], "description": f"About {folder}."})
    top = values.pop("top", "skills")
    base = {"front_matter": front, "front_matter_text": "…", "text": "Do it.", "modified_at": NOW}
    return Document(f"{top}/{folder}", tuple(folder.split("/")), **{**base, **values})


def contents(*documents: Document, **values: Any) -> dict[str, Any]:
    base = {
        "skills": Tree(documents),
        "archive": Tree(),
        "usage": {},
        "hub": {},
        "manifest": None,
        "curator": {},
        "config": Settings(values.pop("settings", {})),
    }
    return {**base, **values}


def show(*documents: Document, query: dict[str, Any] | None = None, **values: Any) -> Skills:
    return run(*documents, query=query, **values)[0]


def run(
    *documents: Document, query: dict[str, Any] | None = None, **values: Any
) -> tuple[Skills, datetime | None]:
    result = skills.collect(**contents(*documents, **values), query=SkillsQuery(**(query or {})), now=NOW)
    until = result.valid_until if isinstance(result, Until) else None
    payload = cast("Skills", result.payload) if isinstance(result, Until) else result
    Skills.model_validate_json(payload.model_dump_json())
    return payload, until


def rows(*documents: Document, **values: Any) -> dict[str, Skill]:
    shown = show(*documents, **values)
    assert shown.list is not None
    return {skill.folder.removeprefix("skills/"): skill for skill in shown.list.rows}


def only(*documents: Document, **values: Any) -> Skill:
    (skill,) = rows(*documents, **values).values()
    return skill


def fill(*documents: Document, args: FrameArguments | None = None, **values: Any) -> dict[str, list[Any]]:
    given = contents(*documents, **values)
    del given["curator"]
    return cast("dict[str, list[Any]]", skills._fill(**given, args=args or FrameArguments()))


# -- what a skill is called, and where it belongs


@pytest.mark.parametrize(
    ("front", "text", "name", "description", "problem", "unlisted"),
    [
        ({"name": "x", "description": " y "}, "", "x", "y", None, None),
        ({}, "# Title\n\nFirst line.\nSecond.", "folder", "First line.", None, None),
        ({"description": None}, "#", "folder", None, None, None),
        ({"name": "n" * 70}, "t", "n" * 64, "t", None, None),
        ({"name": 7}, "t", "folder", "t", "its name is not text", "broken"),
        ({"name": None}, "t", "folder", "t", "its name is not text", "broken"),
        ({"name": "x", "description": ["y"]}, "t", "x", None, "its description is not text", None),
        ({"name": "x", "description": 7}, "t", "x", None, "its description is not text", "broken"),
        ({"name": "x", "description": "d" * 2000}, "", "x", "d" * 279 + "…", None, None),
    ],
)
def test_name_and_description_are_those_that_hermes_lists(
    front: dict[str, Any],
    text: str,
    name: str,
    description: str | None,
    problem: str | None,
    unlisted: str | None,
) -> None:
    skill = only(document("group/folder", front=front, text=text))
    assert (skill.name, skill.description, skill.problem, skill.unlisted) == (
        name,
        description,
        problem,
        unlisted,
    )


def test_a_skill_without_front_matter_that_was_not_closed_has_no_description() -> None:
    broken = document(
        "a", front={}, front_matter_text="", text="---\nname: x\n", problem="its front matter is not closed"
    )
    skill = only(broken)
    assert (skill.name, skill.description, skill.unlisted) == ("a", None, None)


@pytest.mark.parametrize(
    ("folder", "category"), [("one", None), ("group/one", "group"), ("group/deep/one", "group")]
)
def test_the_category_is_the_first_folder_above_a_skill(folder: str, category: str | None) -> None:
    assert only(document(folder)).category == category


def test_a_broken_skill_is_listed_with_what_is_wrong_and_costs_no_other() -> None:
    found = rows(
        document("a", front={}, text="\ufffd", is_text=False, problem="it is not UTF-8 text (byte 3)"),
        document("b", problem="its front matter is not valid YAML, line 2: x"),
        document("c"),
    )
    assert {folder: (skill.problem is not None, skill.unlisted) for folder, skill in found.items()} == {
        "a": (True, "broken"),
        "b": (True, None),
        "c": (False, None),
    }


def test_of_two_skills_of_one_name_hermes_lists_the_first_that_it_can_read() -> None:
    same = {"name": "same", "description": "x"}
    found = rows(
        document("a", front=same, is_text=False, problem="it is not UTF-8 text (byte 3)"),
        document("b", front=same),
        document("c", front=same),
    )
    assert {folder: skill.unlisted for folder, skill in found.items()} == {
        "a": "broken",
        "b": None,
        "c": "same-name",
    }


@pytest.mark.parametrize(
    ("platforms", "unlisted"),
    [
        (None, None),
        ([], None),
        (["macos", "Linux"], None),
        ("linux", None),
        (["windows"], "other-system"),
        ([7, None, ["x"]], "other-system"),
    ],
)
def test_a_skill_for_other_systems_is_not_listed_by_hermes(
    platforms: Any, unlisted: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    front = {"name": "x", "description": "y", "platforms": platforms}
    assert only(document("a", front=front)).unlisted == unlisted


# -- where it came from


def test_the_origin_is_by_hermes_own_lists_hub_before_bundled_before_its_own() -> None:
    hub = {
        "version": 1,
        "installed": {
            "both": {"identifier": "official/both", "trust_level": "builtin", "install_path": "x/both"},
            "slug": {"identifier": "me/skills/slug", "trust_level": "community", "install_path": "web/slug"},
            "damaged": 7,
        },
    }
    found = rows(
        document("x/both"),
        document("web/slug", front={"name": "Another Name", "description": "by its folder"}),
        document("x/stock"),
        document("x/own"),
        document("x/legacy"),
        document("x/mine"),
        document("far", top="~/team", is_outside=True),
        document("damaged"),
        manifest="both:1\nstock:2\n\nold-style\n",
        hub=hub,
        usage={
            "own": {"created_by": "agent"},
            "legacy": {"agent_created": True},
            "mine": {"created_by": None},
        },
    )
    assert {folder: skill.origin for folder, skill in found.items()} == {
        "x/both": "hub",
        "web/slug": "hub",
        "x/stock": "bundled",
        "x/own": "agent",
        "x/legacy": "agent",
        "x/mine": "user",
        "~/team/far": "external",
        "damaged": "hub",
    }
    assert (found["web/slug"].installed_from, found["web/slug"].trust) == ("me/skills/slug", "community")


@pytest.mark.parametrize(
    ("digest", "manifest", "is_modified"),
    [
        ("aa", "one:aa", False),
        ("bb", "one:aa", True),
        (None, "one:aa", None),
        ("bb", "one", None),  # an old manifest, without digests
        ("bb", "one:", None),
        ("bb", None, None),
    ],
)
def test_a_bundled_skill_is_modified_if_its_files_are_not_those_of_the_manifest(
    digest: str | None, manifest: str | None, is_modified: bool | None
) -> None:
    assert only(document("one", digest=digest), manifest=manifest).is_modified is is_modified


# -- what Hermes keeps about it


def test_usage_is_what_hermes_counted() -> None:
    record = {
        "use_count": 7,
        "view_count": 9,
        "patch_count": 2,
        "last_used_at": "2026-03-01T10:00:00+01:00",
        "last_viewed_at": "2026-03-02T10:00:00",
        "last_patched_at": None,
        "state": "stale",
        "pinned": True,
    }
    skill = only(document("one"), usage={"one": record})
    assert (skill.use_count, skill.view_count, skill.patch_count) == (7, 9, 2)
    assert skill.last_used_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert skill.last_active_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert (skill.state, skill.is_pinned) == ("stale", True)


JUNK: list[Any] = [
    None,
    7,
    -1,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "x",
    "7",
    "\ud800",
    True,
    [],
    {},
    [[]],
    {"a": {}},
]


@pytest.mark.parametrize("junk", JUNK, ids=[f"{type(value).__name__}-{i}" for i, value in enumerate(JUNK)])
def test_whatever_stands_in_a_hand_edited_file_shows_the_rest(junk: Any) -> None:
    fields = (
        "created_by use_count view_count patch_count last_used_at last_viewed_at last_patched_at state pinned"
    )
    usage = {"one": dict.fromkeys(fields.split(), junk), "other": junk, "two": {"use_count": 3}}
    hub = {
        "installed": {"one": junk, "three": {"identifier": junk, "trust_level": junk, "install_path": junk}}
    }
    front = {"name": "two", "description": "d", "platforms": junk, "environments": junk, "metadata": junk}
    hermes = {"name": "three", "metadata": {"hermes": junk}, "version": junk, "tags": junk, "author": junk}
    documents = (document("one"), document("two", front=front), document("three", front=hermes))
    settings = {
        "skills": {"disabled": junk, "platform_disabled": {"cli": junk}},
        "curator": {"enabled": junk, "interval_hours": junk, "stale_after_days": junk},
    }
    state = dict.fromkeys(("last_run_at", "last_run_duration_seconds", "last_run_summary", "paused"), junk)
    given = {"usage": usage, "hub": hub, "curator": {**state, "run_count": junk}, "settings": settings}
    found = rows(*documents, **given)
    assert found["two"].use_count == 3
    assert len(found) == 3
    assert show(*documents, **given, query={"skill": "three"}).text is not None
    filled = fill(*documents, **given)
    assert set(filled["name"]) == {"one", "two", "three"}
    PANEL.frames[0].rows(filled, FrameArguments(), {})


def test_entries_that_are_no_records_are_counted_and_named() -> None:
    shown = show(document("one"), usage={"a": 1, "b": {}, "c": []}, hub={"installed": [1]})
    assert shown.list is not None
    assert shown.list.problems == (
        "skills/.usage.json: 2 of 3 entries are no records",
        "skills/.hub/lock.json: `installed` holds a list, expected an object",
    )


def test_what_could_not_be_read_is_said() -> None:
    tree = Tree(
        (document("one"),), (Outside("~/gone", False), Outside("~/here", True)), ("x cannot be listed",)
    )
    shown = show(skills=tree)
    assert shown.list is not None
    assert shown.list.problems == (
        "x cannot be listed",
        "~/gone (config.yaml, skills.external_dirs) is not there",
    )


def test_disabled_skills_are_marked_as_everywhere_or_by_platform() -> None:
    settings = {
        "skills": {"disabled": ["one", " two "], "platform_disabled": {"telegram": ["three"], "cli": "three"}}
    }
    found = rows(document("one"), document("two"), document("three"), settings=settings)
    assert [found[name].is_disabled for name in ("one", "two", "three")] == [True, True, False]
    assert found["three"].disabled_on == ("telegram", "cli")
    assert only(document("one"), settings={"skills": {"disabled": "one"}}).is_disabled


# -- all of them


def test_counts_and_categories_are_of_the_skills_that_hermes_lists() -> None:
    shown = show(
        document("a/one"),
        document("a/two"),
        document("b/two"),
        document("b/stock", digest="bb"),
        document("plain"),
        document("b/broken", is_text=False, problem="it is not UTF-8 text"),
        archive=Tree((document("old", top="skills/.archive"),)),
        manifest="stock:aa",
        usage={"one": {"use_count": 3}, "two": {"use_count": 4, "state": "stale"}, "old": {"use_count": 99}},
        settings={"skills": {"disabled": ["plain"]}},
    ).list
    assert shown is not None
    assert vars(shown.counts) == {
        "listed": 4,
        "bundled": 1,
        "hub": 0,
        "agent": 0,
        "user": 3,
        "external": 0,
        "modified": 1,
        "disabled": 1,
        "stale": 1,
        "broken": 1,
        "unlisted": 2,
        "archived": 1,
    }
    assert [(category.name, category.skills, category.uses) for category in shown.categories] == [
        ("a", 2, 7),
        (None, 1, 0),
        ("b", 1, 0),
    ]
    assert [(skill.name, skill.is_archived) for skill in shown.rows][-1] == ("old", True)


def test_rows_are_by_category_and_name_as_hermes_lists_them() -> None:
    found = rows(document("b/y"), document("a/z"), document("x"), document("a/c"))
    assert list(found) == ["x", "a/c", "a/z", "b/y"]


def test_without_skills_it_is_empty_whatever_else_is_there() -> None:
    assert show(usage={"a": {}}, curator={"paused": True}).is_empty()
    assert not show(document("one")).is_empty()


# -- the curator


LAST = {"last_run_at": "2026-03-01T12:00:00+00:00", "run_count": 4, "last_run_summary": "auto: no changes"}


@pytest.mark.parametrize(
    ("state", "settings", "next_run", "is_due"),
    [
        (LAST, {}, NOW + timedelta(days=4), False),
        (LAST, {"curator": {"interval_hours": 72}}, NOW, True),
        (LAST, {"curator": {"interval_hours": "24"}}, NOW - timedelta(days=2), True),
        ({**LAST, "paused": True}, {}, None, False),
        (LAST, {"curator": {"enabled": False}}, None, False),
        ({}, {}, None, False),
        ({**LAST, "last_run_at": "2026-03-01T12:00:00"}, {}, NOW + timedelta(days=4), False),
        (LAST, {"curator": {"interval_hours": 10**12}}, None, False),
    ],
)
def test_the_curator_is_due_when_its_interval_is_over(
    state: dict[str, Any], settings: dict[str, Any], next_run: datetime | None, is_due: bool
) -> None:
    shown, until = run(document("one"), curator=state, settings=settings)
    assert shown.list is not None
    curator = shown.list.curator
    assert (curator.next_run_at, curator.is_due) == (next_run, is_due)
    assert until == (None if is_due else next_run)


def test_the_curators_defaults_are_hermes_own() -> None:
    shown = show(document("one")).list
    assert shown is not None
    curator = shown.curator
    assert (curator.interval_hours, curator.stale_after_days, curator.archive_after_days) == (168, 30, 90)
    assert curator.is_enabled
    assert not curator.is_paused


# -- one in full


def test_one_skill_in_full_by_its_folder_or_its_name() -> None:
    front = {
        "name": "Two",
        "description": "d" * 500,
        "version": 1.0,
        "author": "Mira",
        "metadata": {"hermes": {"tags": ["a", 2], "related_skills": "[b, 'c']"}},
    }
    two = document("x/two", front=front, front_matter_text="name: Two", text="\n\nDo\n", files=("a.py",))
    for asked in ("skills/x/two", "Two"):
        text = show(document("one"), two, query={"skill": asked}).text
        assert isinstance(text, SkillText)
        assert (text.skill.folder, text.text, text.front_matter) == ("skills/x/two", "Do", "name: Two")
        assert text.description == "d" * 500
        assert (text.version, text.author) == ("1.0", "Mira")
        assert (text.tags, text.related, text.files) == (("a", "2"), ("b", "c"), ("a.py",))
    assert show(query={"skill": "x"}).missing
    assert not show(query={"skill": "x"}).is_empty()


def test_a_name_means_the_skill_that_hermes_would_load() -> None:
    same = {"name": "same", "description": "x"}
    documents = (document("a", front=same, is_text=False, problem="it is damaged"), document("b", front=same))
    text = show(*documents, query={"skill": "same"}).text
    assert text is not None
    assert text.skill.folder == "skills/b"


def test_an_archived_skill_can_be_read() -> None:
    archive = Tree((document("old", top="skills/.archive"),))
    text = show(archive=archive, query={"skill": "skills/.archive/old"}).text
    assert text is not None
    assert (text.skill.is_archived, text.skill.state) == (True, "archived")


def test_a_long_text_is_cut_and_many_files_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skills, "SHOWN_CHARS", 10)
    monkeypatch.setattr(skills, "FILES_SHOWN", 2)
    text = show(document("a", text="x" * 11, files=("a", "b", "c")), query={"skill": "a"}).text
    assert text is not None
    assert (text.text, text.is_cut, text.files, text.more_files) == ("x" * 10, True, ("a", "b"), 1)


# -- the frame


def test_the_frame_has_a_row_for_each_skill_chosen_by_time_and_number() -> None:
    old = NOW - timedelta(days=9)
    documents = (document("a/one", modified_at=old), document("a/two", size_bytes=7), document("b/three"))
    filled = fill(*documents, usage={"two": {"use_count": 2, "created_at": "2026-01-01T00:00:00Z"}})
    assert filled["name"] == ["one", "two", "three"]
    assert filled["use_count"] == [0, 2, 0]
    assert filled["size_bytes"] == [0, 7, 0]
    assert filled["created_at"][1] == datetime(2026, 1, 1, tzinfo=UTC)
    assert list(filled) == [column.name for column in skills.COLUMNS]
    assert fill(*documents, args=FrameArguments(since=NOW))["name"] == ["two", "three"]
    assert fill(*documents, args=FrameArguments(until=NOW))["name"] == ["one"]
    assert fill(*documents, args=FrameArguments(limit=2))["name"] == ["two", "three"]
    assert fill(*documents, args=FrameArguments(limit=0))["name"] == []


def test_every_number_can_be_recomputed_from_the_frames(agent: MakeAgent) -> None:
    hermes = agent()
    for folder in ("a/one", "a/two", "b/two", "b/stock", "plain", ".archive/old"):
        name = folder.rpartition("/")[2]
        hermes.file(f"skills/{folder}/SKILL.md", f"---\nname: {name}\ndescription: x\n---\nDo it.".encode())
    hermes.file("skills/b/broken/SKILL.md", b"\xff")
    hermes.file("skills/.bundled_manifest", b"stock:0123456789abcdef0123456789abcdef\n")
    counted = {"one": {"use_count": 3, "created_by": "agent"}, "two": {"use_count": 4, "state": "stale"}}
    hermes.file("skills/.usage.json", json.dumps({**counted, "old": {"use_count": 99}}).encode())
    hermes.file("config.yaml", b"skills: {disabled: [plain]}\n")
    opened = OpenHome(find_place(hermes.home), {PANEL.name: PANEL})
    try:
        shown = opened.collect("skills", opened.parse_query("skills", {}), 1).data["list"]
        frame = opened.table("skills", {}).to_pandas()
    finally:
        opened.close()
    there = frame[~frame["is_archived"]]
    listed = there[there["unlisted"].isna()]
    assert shown["counts"] == {
        "listed": len(listed),
        **{origin: (listed["origin"] == origin).sum() for origin in get_args(skills.Origin)},
        "modified": (listed["is_modified"] == True).sum(),  # noqa: E712  missing where it cannot be told
        "disabled": listed["is_disabled"].sum(),
        "stale": (listed["state"] == "stale").sum(),
        "broken": there["problem"].notna().sum(),
        "unlisted": there["unlisted"].notna().sum(),
        "archived": frame["is_archived"].sum(),
    }
    # All but these say something here.
    assert {name for name, count in shown["counts"].items() if not count} == {"hub", "external"}
    by_category = listed.assign(category=listed["category"].astype(object)).groupby("category", dropna=False)
    assert {(one["name"], one["skills"], one["uses"]) for one in shown["categories"]} == {
        (None if name != name else name, len(rows), rows["use_count"].sum()) for name, rows in by_category
    }
