"""MariaDB, with a user `shop` whose password is `secret`, and a database of the same name."""

import subprocess
from pathlib import Path

from portal.embedded import ports
from tests.parts.broker import Broker, program

# One statement a line, as --init-file reads them.
USERS = """\
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE USER shop@'127.0.0.1' IDENTIFIED BY 'secret';
GRANT ALL ON shop.* TO shop@'127.0.0.1';
"""
SMALL = ("--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0")


def make(directory: Path) -> Broker:
    """A server with its files in `directory`, not started."""
    server, install = program("mariadbd"), program("mariadb-install-db")
    data, port = directory / "data", ports.free()
    directory.mkdir(parents=True, exist_ok=True)
    users = directory / "users.sql"
    users.write_text(USERS)
    common = ("--no-defaults", f"--datadir={data}", "--user=root", *SMALL)
    subprocess.run([install, *common, "--skip-test-db"], check=True, capture_output=True)
    arguments = (
        server,
        *common,
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--socket={directory / 'socket'}",
        f"--pid-file={directory / 'pid'}",
        f"--init-file={users}",
    )
    return Broker(arguments, directory, port)
