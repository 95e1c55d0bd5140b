"""A moment of a home as text and static HTML, for saved notebooks, reports and terminals.

It is passed on to people who may not see the home: only figures, states and a few names are in it (`facts.py`).
"""

from hermes_hud_widget.snapshot.page import as_document, as_html
from hermes_hud_widget.snapshot.still import Still, still_of
from hermes_hud_widget.snapshot.words import summary

PANELS = ("overview", "costs", "health", "memory", "cron", "gateway", "skills", "config")
"""What a snapshot is made of: of the first three, figures; of all, whether they could be read."""

__all__ = ["PANELS", "Still", "as_document", "as_html", "still_of", "summary"]
