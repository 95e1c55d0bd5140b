"""What models.dev says of each provider's models, as Hermes keeps it: two megabytes, of which little is needed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from hermes_hud_widget.errors import SourceError
from hermes_hud_widget.frozen import frozen
from hermes_hud_widget.ledger.values import number
from hermes_hud_widget.sources.files import Json

Models = Mapping[str, "CatalogModel"]
"""Models by id."""


class CatalogModel(NamedTuple):
    """One model as one provider offers it; None is what the catalog does not say.

    Attributes:
        context: How many tokens it takes in all.
        output: How many tokens it writes at most.
        input_usd: US dollars per million tokens, as are the other `*_usd`.
        images: Whether it takes images.
        knowledge: Until when it knows the world, as the catalog writes it; as does `released`.
    """

    id: str
    name: str | None
    family: str | None
    context: int | None
    output: int | None
    input_usd: float | None
    output_usd: float | None
    cache_read_usd: float | None
    cache_write_usd: float | None
    tools: bool | None
    images: bool | None
    reasoning: bool | None
    structured: bool | None
    open_weights: bool | None
    knowledge: str | None
    released: str | None


@frozen
class ModelCatalog(Json):
    """Models by id, by the provider's id at models.dev; empty when there is no file.

    The file is parsed once for each time that it is written, by whoever reads first.
    """

    counts_as_content: ClassVar[bool] = False

    path: str = "models_dev_cache.json"

    @property
    def missing(self) -> Mapping[str, Models]:  # type: ignore[override]
        return {}

    def _parse(self, text: str, modified_at: datetime) -> Mapping[str, Models]:
        content = super()._parse(text, modified_at)
        if not isinstance(content, dict):
            kind = type(content).__name__
            raise SourceError("damaged", self.path, f"{self.path} holds a {kind}, expected an object")
        return {
            provider: {id: _model(id, entry) for id, entry in models.items() if isinstance(entry, dict)}
            for provider, value in content.items()
            if isinstance(value, dict) and isinstance(models := value.get("models"), dict)
        }


def _model(id: str, entry: Mapping[str, Any]) -> CatalogModel:
    limit, cost, modalities = (_mapping(entry.get(name)) for name in ("limit", "cost", "modalities"))
    taken = modalities.get("input")
    return CatalogModel(
        id=id,
        name=_text(entry.get("name")),
        family=_text(entry.get("family")),
        context=_tokens(limit.get("context")),
        output=_tokens(limit.get("output")),
        input_usd=_usd(cost.get("input")),
        output_usd=_usd(cost.get("output")),
        cache_read_usd=_usd(cost.get("cache_read")),
        cache_write_usd=_usd(cost.get("cache_write")),
        tools=_flag(entry.get("tool_call")),
        # Hermes asks `attachment` only where the modalities are not told.
        images="image" in taken if isinstance(taken, list) else _flag(entry.get("attachment")),
        reasoning=_flag(entry.get("reasoning")),
        structured=_flag(entry.get("structured_output")),
        open_weights=_flag(entry.get("open_weights")),
        knowledge=_text(entry.get("knowledge")),
        released=_text(entry.get("release_date")),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value[:200] if isinstance(value, str) and value else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _tokens(value: Any) -> int | None:
    """Zero stands for "not known", as in Hermes (`agent/models_dev.py`, `_extract_context`)."""
    found = None if isinstance(value, (bool, str)) else number(value)
    return int(found) if found is not None and 0 < found < 1e12 else None


def _usd(value: Any) -> float | None:
    found = None if isinstance(value, (bool, str)) else number(value)
    return found if found is not None and found >= 0 else None
