"""The query layer over `state.db`: one definition of which sessions count, and of what they do now."""

from hermes_hud_widget.ledger.database import Database, DatabaseMissing, DatabaseProblem
from hermes_hud_widget.ledger.ledger import Ledger
from hermes_hud_widget.ledger.schema import Schema
from hermes_hud_widget.ledger.writers import WriterProcess, Writers

__all__ = ["Database", "DatabaseMissing", "DatabaseProblem", "Ledger", "Schema", "WriterProcess", "Writers"]
