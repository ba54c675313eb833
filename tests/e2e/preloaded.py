"""The command `okr-delivery` for shell scripts of tests, without the time that Python takes to start and to import.

One process holds everything imported and makes a copy of itself for each call. What scripts call is a small client that
hands over its arguments, folder, environment and streams.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

PRELOADED = (
    *(f"okr_delivery.cli.{name}" for name in ("root", "sync", "gate", "report", "ledger", "merging", "app")),
    *(
        f"okr_delivery.{name}"
        for name in ("gate.engine", "sync.engine", "sync.build", "report.html.page", "store.store")
    ),
    *("okr_delivery_gitlab", "okr_delivery.delivery.derive", "okr_delivery.locale.catalogue", "babel.messages.pofile"),
)
CLIENT = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({place!r})
    socket.send_fds(line, [b"!"], [0, 1, 2])
    line.sendall(json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\n")
    code = line.recv(1)
sys.exit(code[0] if code else 70)
"""


@contextmanager
def commands(folder: Path, now: int) -> Iterator[Path]:
    """A folder for PATH that holds `okr-delivery`, on a clock that stands still, and a `pip` that does nothing."""
    place = folder / "line"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    words = [sys.executable, "-m", __name__, str(place), str(now)]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        tools = folder / "bin"
        tools.mkdir()
        scripts = {
            "okr-delivery": CLIENT.format(python=sys.executable, place=str(place)),
            "pip": "#!/bin/sh\n",
            "python": "#!/bin/sh\n",
        }
        for name, text in scripts.items():
            (tools / name).write_text(text, encoding="utf-8")
            (tools / name).chmod(0o755)
        try:
            yield tools
        finally:
            process.terminate()


def _serve(place: str, now: float) -> None:
    for module in PRELOADED:
        import_module(module)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(place)
        door.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            line, _ = door.accept()
            with line:
                line.sendall(bytes([_called(line, now)]))


def _called(line: socket.socket, now: float) -> int:
    _, streams, _, _ = socket.recv_fds(line, 1, 3)
    argv, folder, env = json.loads(line.makefile("rb").readline())
    child = os.fork()
    if child == 0:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        os._exit(_run(argv, now))
    for stream in streams:
        os.close(stream)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF


def _run(argv: list[str], now: float) -> int:
    from okr_delivery.cli.app import App
    from okr_delivery.cli.run import run

    app = App(env=dict(os.environ), cwd=Path.cwd(), out=sys.stdout, err=sys.stderr, clock=lambda: now)
    try:
        return run(argv, app=app)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    _serve(sys.argv[1], float(sys.argv[2]))
