"""The kinds of sources that a panel may declare: what to watch, how to read it, what damage looks like.

A source is a plain declaration; `attach` binds it to one home. Equal declarations share one attachment,
so that a file which feeds three panels is watched and read once.
"""

from hermes_hud_widget.sources.alive import Alive, Process, Processes
from hermes_hud_widget.sources.config import Config, ConfigFile, Settings
from hermes_hud_widget.sources.databases import DatabaseFiles, Databases
from hermes_hud_widget.sources.diary import AttachedDiary, Diary, Page, Pages
from hermes_hud_widget.sources.documents import Document, Documents, Outside, Tree
from hermes_hud_widget.sources.each_profile import EachProfile, FoldersWith, ProfileContent, SessionTotals
from hermes_hud_widget.sources.env import EnvNames
from hermes_hud_widget.sources.facts import (
    AttachedWatchMode,
    DatabaseStanding,
    DatabaseState,
    FileFacts,
    Outward,
    Readable,
    Surroundings,
    WatchMode,
    WatchState,
)
from hermes_hud_widget.sources.files import ActiveProfile, Entries, EntriesFile, Json, RootJson, TextFile
from hermes_hud_widget.sources.folder import Folder, FoundFile, FoundFiles
from hermes_hud_widget.sources.json_rows import JsonRows
from hermes_hud_widget.sources.model_catalog import CatalogModel, ModelCatalog
from hermes_hud_widget.sources.objects import JsonObject
from hermes_hud_widget.sources.places import HomeName, Profiles
from hermes_hud_widget.sources.proc import Proc, ProcessFacts, System
from hermes_hud_widget.sources.repositories import Checkout, Checkouts, Repositories
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.state import StateDb, WritersOf
from hermes_hud_widget.sources.table import Rows, Table
from hermes_hud_widget.sources.tail import LogLine, LogPage, Logs, Tail
from hermes_hud_widget.sources.versions import EntriesVersions, Version
from hermes_hud_widget.sources.yaml_file import Yaml

__all__ = [
    "ActiveProfile",
    "Alive",
    "Attached",
    "AttachedDiary",
    "AttachedWatchMode",
    "CatalogModel",
    "Checkout",
    "Checkouts",
    "Config",
    "ConfigFile",
    "DatabaseFiles",
    "DatabaseStanding",
    "DatabaseState",
    "Databases",
    "Diary",
    "Document",
    "Documents",
    "EachProfile",
    "Entries",
    "EntriesFile",
    "EntriesVersions",
    "EnvNames",
    "FileFacts",
    "Folder",
    "FoldersWith",
    "FoundFile",
    "FoundFiles",
    "HomeName",
    "Json",
    "JsonObject",
    "JsonRows",
    "LogLine",
    "LogPage",
    "Logs",
    "ModelCatalog",
    "Outside",
    "Outward",
    "Page",
    "Pages",
    "Proc",
    "Process",
    "ProcessFacts",
    "Processes",
    "ProfileContent",
    "Profiles",
    "Readable",
    "Repositories",
    "RootJson",
    "Rows",
    "SessionTotals",
    "Settings",
    "Source",
    "StateDb",
    "Surroundings",
    "System",
    "Table",
    "Tail",
    "TextFile",
    "Tree",
    "Version",
    "WatchMode",
    "WatchState",
    "WritersOf",
    "Yaml",
]
