"""Who issued the certificate that stands at an address, learnt without trusting it.

A failed verification tells neither Python nor us whose certificate was refused. So a second handshake is made that
verifies nothing and sends nothing, and the issuer is read from the bytes of the certificate.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from okr_delivery.sync.network import NetworkSpec, Origin, route

_SEQUENCE, _SET, _OID, _VERSION = 0x30, 0x31, 0x06, 0xA0
_NAMES = (b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x04\x0b")  # common name, organisation, unit
_LONGEST = 80
_ENCODINGS = {0x14: "latin-1", 0x1C: "utf-32-be", 0x1E: "utf-16-be"}  # all other strings are UTF-8 or ASCII


def issuer_at(spec: NetworkSpec, url: str) -> str | None:
    """The issuer of the certificate presented for `url`, through the proxy that the configuration names.

    None where there is no certificate, no answer, or a kind of proxy that can't be looked through.
    """
    origin, proxy = Origin.of(url), route(spec, url).proxy
    if origin.scheme != "https" or (proxy is not None and urlsplit(proxy).scheme != "http"):
        return None
    try:
        found = _presented(origin, proxy, spec.connect_timeout)
    except (OSError, http.client.HTTPException, ValueError):
        return None
    return None if found is None else issuer_of(found)


def _presented(origin: Origin, proxy: str | None, timeout: float) -> bytes | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # only to look: no request follows on this connection
    context.verify_mode = ssl.CERT_NONE
    near = Origin.of(proxy) if proxy is not None else origin
    connection = http.client.HTTPSConnection(near.host, near.port, timeout=timeout, context=context)
    if proxy is not None:
        far = f"[{origin.host}]" if ":" in origin.host else origin.host
        connection.set_tunnel(far, origin.port, HTTPAdapter().proxy_headers(proxy))
    try:
        connection.connect()
        made = connection.sock
        return made.getpeercert(binary_form=True) if isinstance(made, ssl.SSLSocket) else None
    finally:
        connection.close()


def issuer_of(certificate: bytes) -> str | None:
    """The issuer of a certificate in DER, as `name (organisation)`; None when it has no name or is no certificate."""
    try:
        names = dict(_pairs(_issuer(certificate)))
    except (IndexError, ValueError, StopIteration):
        return None
    common, organisation = names.get(_NAMES[0]), names.get(_NAMES[1]) or names.get(_NAMES[2])
    if common and organisation:
        return f"{common} ({organisation})"
    return common or organisation


def _issuer(certificate: bytes) -> bytes:
    """Certificate → tbsCertificate → [version,] serial number, algorithm, issuer."""
    (_, outer), *_ = _members(certificate)
    (_, signed), *_ = _members(outer)
    members = _members(signed)
    tag, _ = next(members)
    if tag == _VERSION:
        next(members)
    next(members)
    tag, found = next(members)
    if tag != _SEQUENCE:
        raise ValueError("no issuer where it belongs")
    return found


def _pairs(name: bytes) -> Iterator[tuple[bytes, str]]:
    for tag, group in _members(name):
        for inner, pair in _members(group) if tag == _SET else ():
            (kind, oid), (encoding, value) = list(_members(pair))[:2]
            if inner == _SEQUENCE and kind == _OID and oid in _NAMES:
                yield oid, _readable(value.decode(_ENCODINGS.get(encoding, "utf-8"), "replace"))


def _readable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST]


def _members(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element. Raises ValueError for one that is longer than what is there."""
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length
