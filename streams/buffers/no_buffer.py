"""The `none` buffer: none."""

from __future__ import annotations

from typing import Final

from streams.buffers.buffer import WrapInput
from streams.spec import BuildContext, ComponentSpec, Config, Kind


def _build(_config: Config, _context: BuildContext) -> WrapInput:
    return lambda reading: reading


NONE: Final = ComponentSpec(
    Kind.BUFFER, "none", "Lets messages through as they come.", _build, examples=({},)
)
