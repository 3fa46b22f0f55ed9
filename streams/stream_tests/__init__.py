"""Tests of a stream's processors in the format of `bento test`."""
