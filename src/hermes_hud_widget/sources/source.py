"""What a source is: a declaration, and the same bound to one home."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from hermes_hud_widget.place import Place
from hermes_hud_widget.protocol import Progress

T_co = TypeVar("T_co", covariant=True)


class Attached(ABC, Generic[T_co]):
    """A source bound to one home. All methods may be called from any thread."""

    files: tuple[Path, ...] = ()
    """Files whose change may change this source."""
    folders: tuple[Path, ...] = ()
    """Directories whose list of entries may change this source."""
    recheck_soon: bool = False
    """True after a `signature` that could not be certain: take it again in some 20 ms."""
    may_lag: bool = False
    """True when what was written may become visible some time after the event that tells of it."""
    rings: ClassVar[bool] = False
    """Whether there may be `doorbells`; set for each class that has some."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.rings = cls.doorbells is not Attached.doorbells

    @property
    def progress(self) -> Progress | None:
        """How far it has come with reading, when what `read` gives is not all yet; None: it is all there.

        While it goes on, `doorbells` ring now and then and the signature changes.
        """
        return None

    @property
    def reading(self) -> Progress | None:
        """How far a long call has come that goes on just now; None: there is none."""
        return self.progress

    def settle(self) -> None:
        """Returns when `read` gives all that there is now, however long that takes.

        Raises:
            SourceError: It is there but cannot be read.
        """

    def rest(self) -> None:
        """Drops what it keeps to answer fast: nobody has looked for minutes. It is read again when needed."""

    @abstractmethod
    def signature(self) -> Hashable:
        """Equal as long as the content is. Cheap, and never raises: damage is a signature, too."""

    @abstractmethod
    def read(self) -> T_co:
        """The content now; nobody may change it, as whoever reads next may get the same object.

        Raises:
            SourceError: It is there but cannot be read.
        """

    def is_missing(self) -> bool:
        """True when there is nothing there."""
        return not any(os.path.lexists(path) for path in (*self.files, *self.folders))

    def doorbells(self) -> frozenset[int]:
        """Descriptors that become readable when it is time to take the signature again."""
        return frozenset()

    def close(self) -> None:
        """Gives back what it holds."""


class Source(ABC, Generic[T_co]):
    """A declaration. Subclasses are frozen dataclasses: equal ones are the same source."""

    counts_as_content: ClassVar[bool] = True
    """False for what only tunes a panel (configuration): a panel with nothing else is empty."""

    @property
    @abstractmethod
    def label(self) -> str:
        """What documentation and errors call it: its path in the home."""

    @property
    @abstractmethod
    def missing(self) -> Any:
        """Its content when there is nothing there."""

    @abstractmethod
    def attach(self, place: Place) -> Attached[T_co]:
        """Binds it to a home; touches no file."""
