"""YAML as people write it, and as they damage it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache
from typing import Any

MAX_DEPTH = 100
"""How deep mappings and lists may nest. The C loader uses the C stack for each level: some 20,000 end the process."""


class NotYamlError(ValueError):
    """Its text says what is wrong: `is not valid YAML, line 3: …`."""


def load_yaml(text: str) -> Any:
    """The content of a document, of the types that YAML itself has.

    Raises:
        NotYamlError: It cannot be read.
    """
    import yaml

    # The C loader, where there is one, is ten times as fast and just as safe.
    loader = _loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        is_too_deep = _depth(yaml.parse(text, Loader=loader)) > MAX_DEPTH
        values = None if is_too_deep else yaml.load(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        # What a constructor complains of holds the value, which may be a secret.
        is_about_value = isinstance(error, yaml.constructor.ConstructorError)
        problem = None if is_about_value else getattr(error, "problem", None)
        raise NotYamlError(f"is not valid YAML{line}: {problem or 'it cannot be parsed'}") from error
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        # What PyYAML lets through of `!!timestamp soon`, `!!bool maybe`, and of a date like 2026-13-45.
        raise NotYamlError("is not valid YAML: a value is not of its type") from error
    if is_too_deep:
        raise NotYamlError(f"nests more than {MAX_DEPTH} levels deep")
    return values


@cache
def _loader(base: Any) -> Any:
    loader: Any = type("Loader", (base,), {})
    loader.add_constructor("tag:yaml.org,2002:int", _integer)
    return loader


def _integer(loader: Any, node: Any) -> int:
    number: int = loader.construct_yaml_int(node)
    # In hexadecimal it may have thousands of digits: then this raises, as it would wherever it is shown.
    str(number)
    return number


def _depth(events: Iterable[Any]) -> int:
    """How deep the deepest collection lies."""
    import yaml

    steps = (
        isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        for event in events
    )
    return max(itertools.accumulate(steps))
