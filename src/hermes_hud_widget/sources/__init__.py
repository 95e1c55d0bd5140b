"""The kinds of sources that a panel may declare: what to watch, how to read it, what damage looks like.

A source is a plain declaration; `attach` binds it to one home. Equal declarations share one attachment,
so that a file which feeds three panels is watched and read once.
"""

from hermes_hud_widget.sources.config import Config, Settings
from hermes_hud_widget.sources.files import ActiveProfile, Entries, EntriesFile, Json, TextFile
from hermes_hud_widget.sources.places import HomeName, Profiles
from hermes_hud_widget.sources.source import Attached, Source
from hermes_hud_widget.sources.state import StateDb, WritersOf

__all__ = [
    "ActiveProfile",
    "Attached",
    "Config",
    "Entries",
    "EntriesFile",
    "HomeName",
    "Json",
    "Profiles",
    "Settings",
    "Source",
    "StateDb",
    "TextFile",
    "WritersOf",
]
