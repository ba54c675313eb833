"""tap-jira over the same server: issues with their changelogs, records thrown away."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.served.process import Served
from okr_delivery.sandbox import TOKEN, USER

STREAMS = ("issues", "changelogs")


def seconds(executable: Path, folder: Path, latency: float) -> float:
    """How long it takes from its start to its end."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        tls = _certificate(place)
        with Served(folder, latency=latency, tls=tls) as served:
            settings = {"start_date": "2000-01-01T00:00:00Z", "user_agent": "benchmark", "username": USER}
            config = place / "config.json"
            config.write_text(json.dumps(settings | {"password": TOKEN, "base_url": served.url}), encoding="utf-8")
            environment = _trusting(place, tls[0])
            catalog = _catalog(place, [str(executable), "--config", str(config)], environment)
            began = time.perf_counter()
            command = [str(executable), "--config", str(config), "--properties", str(catalog)]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            return time.perf_counter() - began


def _trusting(place: Path, certificate: Path) -> dict[str, str]:
    """It looks at no variable that names a CA bundle: its interpreter is told at its start what to trust."""
    code = f"import certifi, certifi.core\ncertifi.where = certifi.core.where = lambda: {str(certificate)!r}\n"
    (place / "sitecustomize.py").write_text(code, encoding="utf-8")
    return os.environ | {"PYTHONPATH": str(place)}


def _catalog(place: Path, command: list[str], environment: dict[str, str]) -> Path:
    """What it finds, with the streams chosen."""
    found = subprocess.run([*command, "--discover"], check=True, env=environment, capture_output=True, text=True).stdout
    catalog: dict[str, Any] = json.loads(found)
    for stream in catalog["streams"]:
        chosen = {"breadcrumb": [], "metadata": {"selected": stream["tap_stream_id"] in STREAMS}}
        whole = next((row for row in stream["metadata"] if not row["breadcrumb"]), None)
        if whole is None:
            stream["metadata"].append(chosen)
        else:
            whole["metadata"] |= chosen["metadata"]
    path = place / "catalog.json"
    path.write_text(json.dumps(catalog), encoding="utf-8")
    return path


def _certificate(place: Path) -> tuple[Path, Path]:
    """A certificate of its own authority for the loopback address."""
    certificate, key = place / "certificate.pem", place / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
