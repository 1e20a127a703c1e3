"""A TCP proxy in front of a database, which can be told to misbehave as networks and databases do."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

_CHUNK = 65536
_ABORT = struct.pack("ii", 1, 0)


class Proxy:
    """Passes on what clients and the database say, until it is told otherwise; a thread for each direction."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener: socket.socket | None = None
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self.port = 0
        # Takes connections and data and never answers.
        self.silent = False
        # For each packet, in either direction.
        self.delay = 0.0
        # How many bytes of answers still get through, all connections together, before everything is cut.
        self.answer_bytes_left: int | None = None
        # Aborts a connection when this comes from a client: after it was passed on, before its answer.
        self.abort_behind: bytes | None = None
        self.aborted = 0

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        with self._lock:
            return len(self._pairs)

    def listen(self) -> None:
        """Take connections, at the same port as before."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def refuse(self) -> None:
        """Take no connections any more, and break those that there are."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.break_all()

    def break_all(self) -> None:
        """Abort all connections."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for one in pair:
                _abort(one)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            pair = (client, server)
            with self._lock:
                self._pairs.append(pair)
            threading.Thread(target=self._pump, args=(pair, client, server, self._asked), daemon=True).start()
            threading.Thread(target=self._pump, args=(pair, server, client, self._answered), daemon=True).start()

    def _pump(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
        look: Callable[[bytes], tuple[bytes, bool]],
    ) -> None:
        try:
            while content := source.recv(_CHUNK):
                if self.delay:
                    time.sleep(self.delay)
                if self.silent:
                    continue
                passed, cut = look(content)
                self.aborted += cut  # first: whoever sees that its connection was cut may look at once
                if cut and source is pair[0]:
                    _abort(pair[0])  # before the database hears of it, whose answer may be faster than this thread
                sink.sendall(passed)
                if cut:
                    _abort(pair[0])
                    # The database gets an orderly end: what it was told before, it does.
                    with suppress(OSError):
                        pair[1].shutdown(socket.SHUT_WR)
                    return
        except OSError:
            pass
        finally:
            with self._lock:
                if pair in self._pairs:
                    self._pairs.remove(pair)
            for one in pair:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _asked(self, content: bytes) -> tuple[bytes, bool]:
        return content, self.abort_behind is not None and self.abort_behind in content

    def _answered(self, content: bytes) -> tuple[bytes, bool]:
        if self.answer_bytes_left is None:
            return content, False
        passed = content[: self.answer_bytes_left]
        self.answer_bytes_left -= len(passed)
        return passed, self.answer_bytes_left <= 0


def _abort(one: socket.socket) -> None:
    """End a connection with a reset instead of a farewell."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def proxied(host: str, port: int) -> Generator[Proxy]:
    """A proxy that passes everything on."""
    proxy = Proxy(host, port)
    proxy.listen()
    try:
        yield proxy
    finally:
        proxy.silent, proxy.delay = False, 0.0
        proxy.refuse()
