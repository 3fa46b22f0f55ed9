"""What stands between the input of a stream and its processors."""

from __future__ import annotations

from collections.abc import Callable

from streams.spec import Input

WrapInput = Callable[[Input], Input]
"""Puts a buffer behind an input: what a buffer component builds.

Unlike Bento's, no buffer acknowledges what it holds: that is done when the output has it, so that a crash loses
nothing.
"""
