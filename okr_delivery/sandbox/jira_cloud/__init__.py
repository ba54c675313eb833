"""Jira Cloud, served locally over real HTTP: the endpoints a sync uses, and the writes that change what it finds.

Importing this package raises UserError where werkzeug, which only the sandbox needs, is not installed.
"""

from importlib.util import find_spec

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if find_spec("werkzeug") is None:
    raise user_error(msg("sandbox.no_werkzeug"), next_step=msg("sandbox.no_werkzeug.next"))

from okr_delivery.sandbox.jira_cloud.server import RunningServer, serve

__all__ = ["RunningServer", "serve"]
