"""What there is of AMQP 1.0 on this machine: its client has to be compiled on most, and so is no requirement."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from streams.spec import ComponentSpec

IS_INSTALLED: Final = find_spec("proton") is not None
COMPONENTS: tuple[ComponentSpec, ...] = ()
"""None where Qpid Proton, the package `python-qpid-proton`, is not installed."""

if IS_INSTALLED:
    from streams.inputs.amqp_1 import AMQP_1 as AMQP_1_INPUT
    from streams.outputs.amqp_1 import AMQP_1 as AMQP_1_OUTPUT

    COMPONENTS = (AMQP_1_INPUT, AMQP_1_OUTPUT)
