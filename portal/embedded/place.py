"""Where an embedded server keeps its files, and where its socket fits."""

import os
import stat
import tempfile
from importlib.util import find_spec
from pathlib import Path

from portal.embedded.errors import EmbeddedError

SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path on Linux, less the final zero (unix(7))


def package_directory(package: str) -> Path:
    """The folder of an installed wheel, found without importing it. Raises EmbeddedError without it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"{package} is not installed: install requirements-embedded.txt")
    return Path(spec.submodule_search_locations[0])


def socket_directory(wanted: Path, socket_name: str) -> Path:
    """`wanted`, made for its owner only, or a new short folder where the socket's name would be too long."""
    if len(os.fsencode(wanted / socket_name)) > SOCKET_PATH_LIMIT:
        return Path(tempfile.mkdtemp(prefix="sluice-"))
    wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    return wanted


def elsewhere(link: Path, uid: int) -> Path:
    """The folder of user `uid` that `link` points to, made among the temporary files at the first call.

    For root: below a home folder of mode 700 an unprivileged uid reaches nothing, so its files live outside.
    The link goes when var/ is deleted, and with it the way to what was encrypted under the keys in var/.
    """
    if link.is_symlink() and link.is_dir():
        return link.resolve()
    link.unlink(missing_ok=True)
    link.parent.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix="sluice-", dir=_reachable_directory()))
    os.chown(place, uid, uid)
    link.symlink_to(place)
    return place


def _reachable_directory() -> str:
    """The first folder for temporary files that every user may pass into."""
    for candidate in (os.environ.get("TMPDIR", "/var/tmp"), "/var/tmp", "/tmp"):  # noqa: S108 - for mkdtemp only
        folder = Path(candidate).resolve()
        if folder.is_dir() and all(one.stat().st_mode & stat.S_IXOTH for one in (folder, *folder.parents)):
            return str(folder)
    raise EmbeddedError("no folder for temporary files is open to every user: set TMPDIR to one that is")
