"""`sandbox … --recorded DIR`: a run that `sync --record` saved, served again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from okr_delivery.cli.app import App
from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if TYPE_CHECKING:
    from okr_delivery.sandbox.replay import RunningReplay


def serve_recording(app: App, folder: Path, port: int) -> RunningReplay:
    """Serves it until it is stopped, and says so of every request that was not recorded.

    Raises UserError for a folder without a readable recording and for a port that is taken.
    """
    from okr_delivery.output.safe import terminal
    from okr_delivery.sandbox.replay import load, serve

    def missing(request: str) -> None:
        app.say("cli.replay.missing", request=terminal(request))
        app.err.flush()

    recording = load(folder)
    try:
        return serve(recording, port=port, on_missing=missing)
    except OSError as error:
        reason = error.strerror or ""
        raise user_error(
            msg("cli.sandbox.port", port=port, reason=reason), next_step=msg("cli.sandbox.port.next")
        ) from error
