"""The HTTP side of a replay. Any login is accepted; what was never recorded is a 404 that says so."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from okr_delivery.sandbox.replay.match import Matcher
from okr_delivery.sandbox.replay.recording import Answer, Exchange, Recording
from okr_delivery.sync.record.exchange import label

NOT_RECORDED = "This request is not in the recording: "
SHOWN = 300  # characters of a request that are shown
Told = Callable[[str], None]


class Replay:
    """Answers requests from one recording; thread-safe. `url` is where it can be reached."""

    def __init__(self, recording: Recording, on_missing: Told | None) -> None:
        self._recording = recording
        self._matcher = Matcher(recording.exchanges)
        self._lock = Lock()
        self._on_missing = on_missing
        self.url = ""
        self.requests: Counter[str] = Counter()
        self.missing: list[str] = []

    def answer(self, asked: Exchange) -> Answer | None:
        """The recorded answer; None: cut the connection."""
        with self._lock:
            self.requests[label({"method": asked.method, "path": asked.path})] += 1
            found = self._matcher.find(asked)
            return found.answer if found is not None else self._refuse(asked)

    def data(self, answer: Answer) -> bytes:
        """The body, with the address of this server for the recorded one."""
        if answer.body is None and not answer.is_json:
            return b""
        text = json.dumps(answer.body, separators=(",", ":")) if answer.is_json else str(answer.body)
        return self.re_rooted(text).encode("utf-8", "backslashreplace")

    def re_rooted(self, text: str) -> str:
        return text.replace(self._recording.root, self.url)

    def _refuse(self, asked: Exchange) -> Answer:
        shown = [f"{asked.method} {asked.path}"]
        shown += [json.dumps(dict(asked.query), ensure_ascii=False)] if asked.query else []
        shown += [json.dumps(asked.body, ensure_ascii=False)] if asked.body is not None else []
        text = " ".join(shown)
        text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
        self.missing.append(text)
        if self._on_missing is not None:
            self._on_missing(text)
        body = {"errorMessages": [NOT_RECORDED + text], "errors": {}}
        return Answer(404, {"Content-Type": "application/json;charset=UTF-8"}, body, True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body in one packet
    replay: Replay

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Silent: requests are counted, not printed."""

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.replay.answer(self._asked(raw))
        if answer is None:
            self.close_connection = True
            return
        data = self.replay.data(answer)
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, self.replay.re_rooted(value))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # the base class looks for these names

    def _asked(self, raw: bytes) -> Exchange:
        parts = urlsplit(self.path)
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return Exchange(self.command, parts.path, query, _body(raw))


def _body(raw: bytes) -> object:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return raw.decode("utf-8", "replace")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no event."""


class RunningReplay:
    """A served recording. Use it in a `with` statement, or call `stop()`.

    `requests` counts by endpoint; `missing` holds what was asked and never recorded.
    """

    def __init__(self, replay: Replay, server: ThreadingHTTPServer) -> None:
        self._replay, self._server = replay, server
        host, port = server.server_address[:2]
        name = f"[{host!s}]" if ":" in str(host) else str(host)
        self.url = replay.url = f"http://{name}:{port}"
        self._thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def requests(self) -> Counter[str]:
        return self._replay.requests

    @property
    def missing(self) -> list[str]:
        return self._replay.missing

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def serve(
    recording: Recording, *, port: int = 0, host: str = "127.0.0.1", on_missing: Told | None = None
) -> RunningReplay:
    """Serves a recording until `stop()`. Port 0 takes a free one; `on_missing` is told of each request that was never
    recorded. Raises OSError for a port that is taken."""
    replay = Replay(recording, on_missing)
    return RunningReplay(replay, _Server((host, port), type("Handler", (_Handler,), {"replay": replay})))
