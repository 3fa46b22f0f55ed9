"""nginx with nchan, where Debian's package `libnginx-mod-nchan` is installed."""

import contextlib
import http.client
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portal.embedded import ports, process

MODULE: Final = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
EVENTS: Final = "/events"
CONFIGURATION: Final = """\
load_module {module};
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 16384; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  nchan_max_reserved_memory 256M;
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    keepalive_requests 1000000;
    location = /publish {{ nchan_publisher; nchan_channel_id events; nchan_message_buffer_length 2000; }}
    location = /events {{
      nchan_subscriber;
      nchan_channel_id events;
      nchan_subscriber_first_message newest;
    }}
  }}
}}
"""


def installed() -> bool:
    """Whether it can be run here."""
    return shutil.which("nginx") is not None and MODULE.exists()


@contextlib.contextmanager
def running() -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    with tempfile.TemporaryDirectory(prefix="sluice-nchan-") as name:
        directory, port = Path(name), ports.free()
        file = directory / "nginx.conf"
        file.write_text(CONFIGURATION.format(module=MODULE, directory=directory, port=port))
        arguments = (shutil.which("nginx") or "nginx", "-c", str(file), "-p", str(directory))
        command = process.Command("nginx", arguments, directory, {"PATH": "/usr/sbin:/usr/bin:/bin"})
        with (directory / "out.log").open("wb") as log:
            child = process.start(command, log)
        try:
            process.wait_until(child, lambda: ports.answers(port))
            yield port, child.pid
        finally:
            child.stop()


class Publisher:
    """Publishes by POST on one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def __call__(self, body: bytes) -> None:
        self._connection.request("POST", "/publish", body)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"nchan answered {answer.status}")

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
