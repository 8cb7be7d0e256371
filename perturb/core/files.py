"""Files: JSON read with a clear error, bytes written in one step, and every write of a run.

All that a run does to the disk goes through this file, by functions of ``os`` alone: so that a fault in the n-th of
them can be brought about in a test. What the disk refuses is a StorageError.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

import orjson

from perturb.core.errors import StorageError, UserError

_CHUNK = 1 << 20


def read_json(path: Path, limit: int = 16_000_000) -> Any:
    """The JSON in a file. Raises UserError naming the file, line and column."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > limit:
        raise UserError(f"{path}: larger than {limit} bytes")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: line {error.lineno} column {error.colno}: {error.msg}") from error


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Within, what the disk refuses becomes a StorageError that names `path`."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error


@contextmanager
def writing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Within, `path` is written piece by piece under another name; it gets its own at the end, if all went well.

    Raises StorageError; the old file is then as it was. Raises UserError for a device or a pipe of that name.
    """
    # By process, so that two writers of one file never share a half-written one.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with storing(path):
        _replaceable(path)
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
            try:
                yield lambda data: _write_all(handle, data)
                os.fsync(handle)
            finally:
                os.close(handle)
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(path.parent)


def _replaceable(path: Path) -> None:
    """A device that is replaced by a file is lost to the whole machine."""
    with suppress(FileNotFoundError, NotADirectoryError):
        kind = os.stat(path).st_mode
        if not (S_ISREG(kind) or S_ISDIR(kind)):
            raise UserError(f"{path}: is a device or a pipe, no file")


def write_atomic(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step: after a kill or a power cut it is the old file or the new one, whole.

    Raises StorageError; the old file is then as it was.
    """
    with writing(path) as write:
        write(data)


def make_folder(path: Path) -> None:
    """`path` as a folder, with those above it.

    Raises UserError when it cannot be one (a file is in the way, no right to), StorageError when the disk refuses.
    """
    with storing(path):
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
            raise UserError(f"{path}: {error.strerror}") from error


def move(path: Path, to: Path) -> None:
    """Give a file another name, in place of whatever has that. Raises StorageError."""
    with storing(path):
        os.replace(path, to)
        _sync_folder(to.parent)


def open_own(path: Path, flags: int) -> int:
    """A handle of a file that a run keeps in its folder.

    Raises UserError for a link (it would lead out of the folder) and for what is no file (it may never end).
    """
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UserError(f"{path}: is a link; a run keeps this file in its own folder") from error
        raise
    try:
        if S_ISREG(os.fstat(handle).st_mode):
            return handle
        raise UserError(f"{path}: not a file")
    except BaseException:
        os.close(handle)
        raise


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: Path) -> None:
    """A new name is on the disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class Appender:
    """A file that only grows. Bytes are with the operating system when `append` returns, on the disk after `sync`.

    Raises StorageError when the disk refuses, or when the file is not where it was any more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with storing(path):
            new = not path.exists()
            self._handle = open_own(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            if new:
                _sync_folder(path.parent)

    def size(self) -> int:
        """How many bytes there are."""
        with storing(self.path):
            return os.fstat(self._handle).st_size

    def cut(self, size: int) -> None:
        """Leave the first `size` bytes."""
        with storing(self.path):
            os.ftruncate(self._handle, size)

    def append(self, data: bytes) -> None:
        """`data` at the end, handed to the operating system before this returns."""
        with storing(self.path):
            _write_all(self._handle, data)

    def sync(self) -> None:
        """Force what was appended to the disk, and see that the file is still there under its name."""
        with storing(self.path):
            os.fsync(self._handle)
            mine, there = os.fstat(self._handle), os.stat(self.path)
            if (mine.st_dev, mine.st_ino) != (there.st_dev, there.st_ino):
                raise StorageError(f"{self.path}: was replaced by another file while it was written")

    def close(self) -> None:
        """Close the file."""
        with storing(self.path):
            os.close(self._handle)


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, each with its newline (the last perhaps without); none when it is not there.

    Raises StorageError when it cannot be read.
    """
    with storing(path):
        try:
            handle = open_own(path, os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            parts: list[bytes] = []
            while chunk := os.read(handle, _CHUNK):
                first, *more = chunk.split(b"\n")
                parts.append(first)
                for piece in more:
                    yield b"".join(parts) + b"\n"
                    parts = [piece]
            if last := b"".join(parts):
                yield last
        finally:
            os.close(handle)


def read_at(path: Path, places: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """The bytes of a file at each (offset, length), in the order given. Raises StorageError when it cannot be read."""
    with storing(path):
        handle = open_own(path, os.O_RDONLY)
        try:
            for offset, length in places:
                yield os.pread(handle, length, offset)
        finally:
            os.close(handle)
