"""The live host: a page on 127.0.0.1, for whoever holds its address, until Ctrl-C.

The address carries a token, so that neither another user of this machine nor a web page can ask. All of the page's own
addresses are relative to it: they work under any prefix that a proxy (jupyter-server-proxy, say) puts before them.
"""

import atexit
import contextlib
import getpass
import html
import os
import secrets
import socket
import socketserver
import tempfile
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from http.server import ThreadingHTTPServer
from pathlib import Path

from embedlab.explore.handlers import Handler, policy
from embedlab.explore.live import Live

MOST_AT_ONCE = 64  # connections; a browser opens about six


class Server(ThreadingHTTPServer):
    """The page and its live answers, on 127.0.0.1 and a free port unless one is given.

    `names` are further host names under which a proxy passes requests on. Use as `with Server(page, live) as server:`,
    or call `close()`.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, page: str, live: Live, port: int = 0, names: Sequence[str] = ()):
        self.live, self.names = live, tuple(name.lower() for name in names)
        self.page, self.policy = page.encode("utf-8"), policy(page)
        self.token = secrets.token_urlsafe(24)
        self._room = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._open: set[socket.socket] = set()
        self._thread: threading.Thread | None = None
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OSError as error:
            raise OSError(f"port {port} of 127.0.0.1 cannot be had ({error.strerror}): leave --port out") from error

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self.server_address[1]

    @property
    def url(self) -> str:
        """The address of the page, token and all: keep it to yourself."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def begin(self) -> "Server":
        """Answer in a thread of its own from now on."""
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Answer no more, and free the port."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
            self._thread = None
        self.server_close()
        for line in list(self._open):  # a browser keeps its connections: they too are over
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self.begin()

    def __exit__(self, *error):
        self.close()

    def process_request(self, request, client_address):
        """Give a request its thread; with 64 of them at work, hang up."""
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._room.release()
            raise

    def process_request_thread(self, request, client_address):
        """Work, and make room again."""
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)
            self._room.release()

    def handle_error(self, request, client_address):
        """A client that goes away is no error of ours; anything else has been told by the handler."""

    def server_bind(self):
        """Bind without asking a name server who we are, which may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]


def tunnel(port: int, environment: Mapping[str, str] | None = None) -> str:
    """The line to type at home when this machine was reached by ssh; empty when it was not.

    >>> tunnel(8123, {"SSH_CONNECTION": "10.0.0.7 51022 192.0.2.4 22", "USER": "ann"})
    'ssh -N -L 8123:127.0.0.1:8123 ann@192.0.2.4'
    >>> tunnel(8123, {})
    ''
    """
    environment = os.environ if environment is None else environment
    parts = environment.get("SSH_CONNECTION", "").split()
    if len(parts) != 4:
        return ""
    user = environment.get("USER") or getpass.getuser()
    gate = "" if parts[3] == "22" else f" -p {parts[3]}"
    return f"ssh -N -L {port}:127.0.0.1:{port}{gate} {user}@{parts[2]}"


def open_in_browser(url: str) -> bool:
    """Open the page; tell whether a browser was found.

    The browser is handed a private file that leads there: a token on its command line could be read by every user.
    """
    handle, name = tempfile.mkstemp(prefix="embedlab-", suffix=".html")
    private = Path(name)
    atexit.register(private.unlink, missing_ok=True)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        leads = f'<meta http-equiv="refresh" content="0;url={html.escape(url)}">'
        file.write(f'<!doctype html><meta charset="utf-8">{leads}')
    return webbrowser.open(private.as_uri())
