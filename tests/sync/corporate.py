"""A company's network: a proxy that wants a password, opens encrypted connections and closes them again with
certificates of the company's own authority. Everything on loopback; names are made up and known to the proxy only."""

from __future__ import annotations

import base64
import select
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import trustme

AUTHORITY = "Acme Interception"
LOGIN = ("lin", "pa:ss@w/rd#1")
ESCAPED = "lin:pa%3Ass%40w%2Frd%231"


@dataclass
class Proxy:
    """`routes` maps what is asked for (`jira.corp.test:443`) to a port on loopback, spoken to without encryption."""

    port: int
    ca: trustme.CA
    routes: Mapping[str, int]
    login: tuple[str, str] | None = LOGIN
    refuse: int | None = None  # a status for every CONNECT
    certificates: dict[str, trustme.LeafCert] = field(default_factory=dict)  # instead of one for the name asked for
    asked: list[tuple[str, str | None]] = field(default_factory=list)  # first line, Proxy-Authorization
    tunnels: int = 0  # connections that carried at least one byte

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url_with_login(self) -> str:
        return f"http://{ESCAPED}@127.0.0.1:{self.port}"

    def write_authority(self, path: Path) -> Path:
        self.ca.cert_pem.write_to_path(str(path))
        return path

    def certificate(self, host: str) -> trustme.LeafCert:
        return self.certificates.get(host) or self.ca.issue_cert(host)


@contextmanager
def company(routes: Mapping[str, int], ca: trustme.CA | None = None) -> Iterator[Proxy]:
    """A running proxy."""
    with socket.create_server(("127.0.0.1", 0)) as listening, ExitStack() as stack:
        proxy = Proxy(listening.getsockname()[1], ca or trustme.CA(organization_name=AUTHORITY), routes)
        stack.callback(listening.shutdown, socket.SHUT_RDWR)
        threading.Thread(target=_accept, args=(listening, proxy), daemon=True).start()
        yield proxy


def expired(ca: trustme.CA, host: str) -> trustme.LeafCert:
    return ca.issue_cert(host, not_before=datetime(2020, 1, 1), not_after=datetime(2020, 2, 1))  # noqa: DTZ001  # as trustme wants it


def _accept(listening: socket.socket, proxy: Proxy) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_serve, args=(connection, proxy), daemon=True).start()


def _serve(connection: socket.socket, proxy: Proxy) -> None:
    with suppress(OSError), connection:
        head = _head(connection)
        if not head:
            return
        first, headers = head
        proxy.asked.append((first, headers.get("proxy-authorization")))
        status = _judged(proxy, first, headers)
        if status != 200:
            connection.sendall(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        _intercept(connection, proxy, first.split()[1])


def _head(connection: socket.socket) -> tuple[str, dict[str, str]] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(4096)
        if not more:
            return None
        data += more
    first, *lines = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


def _judged(proxy: Proxy, first: str, headers: Mapping[str, str]) -> int:
    method, target, _ = first.split()
    if proxy.login is not None:
        wanted = "Basic " + base64.b64encode(":".join(proxy.login).encode()).decode()
        if headers.get("proxy-authorization") != wanted:
            return 407
    if proxy.refuse is not None or method != "CONNECT":
        return proxy.refuse or 405
    return 200 if target in proxy.routes else 502


def _intercept(connection: socket.socket, proxy: Proxy, target: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proxy.certificate(target.rpartition(":")[0]).configure_cert(context)
    with (
        context.wrap_socket(connection, server_side=True) as near,
        socket.create_connection(("127.0.0.1", proxy.routes[target])) as far,
    ):
        _pump(near, far, proxy)


def _waiting(near: socket.socket, far: socket.socket) -> list[socket.socket]:
    """Those with something to read; `select` itself can't wait for a file beyond the thousandth."""
    poll = select.poll()
    known = {each.fileno(): each for each in (near, far)}
    for number in known:
        poll.register(number, select.POLLIN)
    return [known[number] for number, _ in poll.poll()]


def _pump(near: ssl.SSLSocket, far: socket.socket, proxy: Proxy) -> None:
    counted = False
    while True:
        ready = [near] if near.pending() else _waiting(near, far)
        for source in ready:
            data = source.recv(65536)
            if not data:
                return
            if not counted:
                proxy.tunnels += 1
                counted = True
            (far if source is near else near).sendall(data)
