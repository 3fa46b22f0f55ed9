"""What the server's log leaves out."""

import logging
from typing import Final

_FAULTS_OF_CALLERS: Final = frozenset(
    {
        "Invalid HTTP request received.",
        "Invalid UTF-8 sequence received from client.",
        "Unsupported upgrade request.",
    }
)
"""uvicorn's messages about what strangers send. They name nobody, one comes with a traceback, and anybody could fill
the log with them: the caller is told, and that is enough.
"""


class FaultsOfCallers(logging.Filter):
    """Keeps them out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is the operator's to read."""
        return record.msg not in _FAULTS_OF_CALLERS
