"""The issuer as it is read from the bytes of a certificate."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from okr_delivery.sync.certificate import issuer_at, issuer_of
from okr_delivery.sync.network import NetworkSpec


def certificate(*issuer: x509.NameAttribute[str]) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name(issuer))
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jira.corp.test")]))
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def named(oid: x509.ObjectIdentifier, text: str, encoding: _ASN1Type | None = None) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, text, encoding)


CN, ORGANISATION, UNIT = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME


@pytest.mark.parametrize(
    ("issuer", "shown"),
    [
        ([named(CN, "Acme Root"), named(ORGANISATION, "Acme")], "Acme Root (Acme)"),
        (
            [named(NameOID.COUNTRY_NAME, "CN"), named(ORGANISATION, "宏图"), named(CN, "宏图根证书")],
            "宏图根证书 (宏图)",
        ),
        ([named(CN, "Only a name")], "Only a name"),
        ([named(UNIT, "Only a unit")], "Only a unit"),
        ([named(CN, "Wide", _ASN1Type.BMPString)], "Wide"),
        ([named(CN, "Old style", _ASN1Type.T61String)], "Old style"),
        ([named(CN, "bad\x1b[31m\nname")], "bad[31mname"),
        ([named(NameOID.COUNTRY_NAME, "CN")], None),
        ([], None),
    ],
)
def test_names_in_every_spelling(issuer: list[x509.NameAttribute[str]], shown: str | None) -> None:
    assert issuer_of(certificate(*issuer)) == shown


def test_a_long_name_is_cut() -> None:
    assert issuer_of(certificate(named(UNIT, "x" * 64), named(CN, "y" * 64))) == f"{'y' * 64} ({'x' * 64})"


def test_what_is_cut_off_has_no_issuer_and_breaks_nothing() -> None:
    whole = trustme.CA(organization_name="Acme").issue_cert("jira.corp.test").cert_chain_pems[0].bytes()
    der = x509.load_pem_x509_certificate(whole).public_bytes(serialization.Encoding.DER)
    assert "Acme" in (issuer_of(der) or "")
    assert {issuer_of(der[:length]) for length in range(len(der))} == {None}


@given(st.binary(max_size=60))
def test_bytes_that_are_no_certificate(data: bytes) -> None:
    assert issuer_of(data) is None or isinstance(issuer_of(data), str)


def test_an_ipv6_address_is_asked_for_in_brackets() -> None:
    """Without them no proxy knows where the address ends and the port begins."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                asked.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        spec = NetworkSpec(proxy=f"http://127.0.0.1:{listening.getsockname()[1]}")
        assert issuer_at(spec, "https://[2001:db8::1]:8443") is None
        thread.join(5)
    assert asked[0].startswith(b"CONNECT [2001:db8::1]:8443 HTTP/1.")
