"""The kinds of sources that a panel may declare: what to watch, how to read it, what damage looks like.

A source is a plain declaration; `attach` binds it to one home. Equal declarations share one attachment,
so that a file which feeds three panels is watched and read once.
"""

from hermes_hud_widget.sources.alive import Alive, Process, Processes
from hermes_hud_widget.sources.config import Config, Settings
from hermes_hud_widget.sources.documents import Document, Documents, Outside, Tree
from hermes_hud_widget.sources.files import ActiveProfile, Entries, EntriesFile, Json, TextFile
from hermes_hud_widget.sources.objects import JsonObject
from hermes_hud_widget.sources.places import HomeName, Profiles
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.state import StateDb, WritersOf
from hermes_hud_widget.sources.table import Rows, Table

__all__ = [
    "ActiveProfile",
    "Alive",
    "Attached",
    "Config",
    "Document",
    "Documents",
    "Entries",
    "EntriesFile",
    "HomeName",
    "Json",
    "JsonObject",
    "Outside",
    "Process",
    "Processes",
    "Profiles",
    "Rows",
    "Settings",
    "Source",
    "StateDb",
    "Table",
    "TextFile",
    "Tree",
    "WritersOf",
]
