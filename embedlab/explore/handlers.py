"""One request to the live host: who asks, what for, and an answer, or a short refusal.

In this order, before anything else is looked at: the name by which the server was called (a web page of a stranger
can make a browser call 127.0.0.1 under the stranger's name, but not under ours), then the token, compared in constant
time. No path of a request ever becomes a path on disk: there are eight fixed words, and numbers.
"""

import base64
import hashlib
import json
import logging
import math
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from secrets import compare_digest
from urllib.parse import parse_qs, unquote, urlsplit

from embedlab.explore.live import packed
from embedlab.explore.photographs import Refused

log = logging.getLogger(__name__)
BODY_LIMIT = 16 << 20  # bytes: a quarter of a million image ids
PATIENCE_SECONDS = 30
OURS = ("127.0.0.1", "localhost", "[::1]")
SHUT = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
}  # fmt: skip
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def policy(page: str) -> str:
    """The content policy of a page: its own inline scripts, each named by its digest, and nothing else runs.

    >>> policy("<script>1</script>").split("; ")[1]
    "script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"
    """
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    digests = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    allowed = " ".join(f"'sha256-{d}'" for d in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


class Handler(BaseHTTPRequestHandler):
    """Answers GET of the page, its photographs, neighbours, words and counts; POST of a lasso and a selection."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_SECONDS  # a client that says nothing is left
    GETS: Mapping[str, str] = {"": "page", "image": "image", "knn": "knn", "text": "text", "density": "density"}
    POSTS: Mapping[str, str] = {"lasso": "lasso", "selection": "selection"}

    def do_GET(self):
        """Look something up."""
        self._answer(self.GETS)

    do_HEAD = do_GET

    def do_POST(self):
        """Ask with a body of JSON."""
        self._answer(self.POSTS)

    def version_string(self) -> str:
        """Tell strangers nothing of versions."""
        return "embedlab"

    def log_message(self, form, *arguments):
        """Keep quiet, and keep the token out of logs."""
        log.debug("%s", (form % arguments).replace(self.server.token, "…"))

    def send_error(self, code, message=None, explain=None):
        """Refuse what is no HTTP that we speak, in plain text."""
        self.close_connection = True
        self._send(code, "text/plain; charset=utf-8", (message or "refused").encode())

    def _answer(self, routes: Mapping[str, str]) -> None:
        try:
            words, query = self._admitted()
            name = routes.get(words[0])
            if name is None:
                other = words[0] in self.GETS or words[0] in self.POSTS
                raise Refused(405 if other else 404, "there is nothing here")
            kind, content, more = getattr(self, f"_{name}")(words[1:], query)
            self._send(200, kind, content, more)
        except Refused as refusal:
            if self.command == "POST":  # a body that was not read would be taken for the next request
                self.close_connection = True
            self._send(refusal.status, "text/plain; charset=utf-8", str(refusal).encode())
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            self.close_connection = True
        except Exception:
            log.exception("a request failed")
            self.close_connection = True
            self._send(500, "text/plain; charset=utf-8", b"this went wrong here; the terminal says more")

    def _admitted(self) -> tuple[list[str], dict[str, list[str]]]:
        """Give the words of the path behind the token, and the query; refuse who may not ask."""
        names = self.headers.get_all("Host") or []
        host = names[0] if len(names) == 1 else ""
        if re.sub(r":\d{1,5}$", "", host).lower() not in (*OURS, *self.server.names):
            raise Refused(403, "called by a name that is not this server's")
        origin = self.headers.get("Origin")
        if self.command == "POST" and origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            raise Refused(403, "asked from another site")
        try:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=16)
        except ValueError:
            raise Refused(400, "this address cannot be read") from None
        empty, _, rest = parts.path.partition("/")
        token, slash, words = rest.partition("/")
        if empty or not compare_digest(token.encode("utf-8", "replace"), self.server.token.encode()):
            raise Refused(403, "the address lacks the token that was printed when the server began")
        if not slash:
            raise Refused(404, "the address ends with a slash")
        return unquote(words).split("/"), query

    def _send(self, status: int, kind: str, content: bytes, more: Mapping[str, str] | None = None) -> None:
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), "Cache-Control": "no-store",
                   "Content-Security-Policy": NOTHING, **SHUT, **(more or {})}  # fmt: skip
        if self.close_connection:
            headers["Connection"] = "close"
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def _page(self, words, query):
        self._no_more(words)
        page = self.server.page
        return "text/html; charset=utf-8", page, {"Content-Security-Policy": self.server.policy}

    def _image(self, words, query):
        if len(words) != 1:
            raise Refused(404, "there is nothing here")
        kept = {"Cache-Control": "private, max-age=3600, immutable"}
        return "image/jpeg", self.server.live.image(whole(words[0], "row")), kept

    def _knn(self, words, query):
        self._no_more(words)
        return self._json(self.server.live.neighbours(whole(one(query, "row"), "row"),
                                                      whole(one(query, "k", "12"), "k")))  # fmt: skip

    def _text(self, words, query):
        self._no_more(words)
        return self._json(self.server.live.text(one(query, "q"), whole(one(query, "k", "48"), "k")))

    def _density(self, words, query):
        self._no_more(words)
        box = [number(one(query, name), name) for name in ("x0", "x1", "y0", "y1")]
        size = [whole(one(query, name), name) for name in ("across", "down")]
        return self._json(self.server.live.density(whole(one(query, "panel"), "panel"), box, size))

    def _lasso(self, words, query):
        self._no_more(words)
        asked = self._body()
        return self._json(self.server.live.lasso(asked.get("panel"), asked.get("polygon")))

    def _selection(self, words, query):
        self._no_more(words)
        return self._json(self.server.live.select(self._body()))

    def _no_more(self, words) -> None:
        if words and words != [""]:
            raise Refused(404, "there is nothing here")

    def _json(self, value: Mapping):
        return "application/json; charset=utf-8", packed(value), None

    def _body(self) -> dict:
        """Read the body: JSON that says how long it is, at most 16 MiB."""
        said = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not re.fullmatch(r"[0-9]{1,12}", said):
            raise Refused(411, "a body says its length")
        if int(said) > BODY_LIMIT:
            raise Refused(413, f"a body of {int(said):,} bytes; at most {BODY_LIMIT:,} are read")
        if self.headers.get_content_type() != "application/json":
            raise Refused(415, "a body is application/json")
        content = self.rfile.read(int(said))
        if len(content) != int(said):
            raise Refused(400, "the body is shorter than it says")
        try:
            asked = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Refused(400, "the body is not JSON") from None
        if not isinstance(asked, dict):
            raise Refused(400, "the body is not a JSON object")
        return asked


def _no_constant(name: str):
    raise ValueError(f"{name} is not JSON")


def one(query: Mapping[str, list[str]], name: str, default: str | None = None) -> str:
    """The only value of a name in a query."""
    values = query.get(name, [] if default is None else [default])
    if len(values) != 1:
        raise Refused(400, f"give {name} once")
    return values[0]


def whole(text: str, name: str) -> int:
    """A whole number of at most nine digits."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refused(400, f"{name} is a whole number from 0")
    return int(text)


def number(text: str, name: str) -> float:
    """A finite number."""
    try:
        value = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Refused(400, f"{name} is a number")
    return value
