"""What Jira Cloud and Jira Data Center share when served locally: the HTTP side, logins, limits, metadata and writes.

Importing this package raises UserError where werkzeug, which only the sandbox needs, is not installed.
"""

from importlib.util import find_spec

from okr_delivery.model.errors import user_error
from okr_delivery.model.message import msg

if find_spec("werkzeug") is None:
    raise user_error(msg("sandbox.no_werkzeug"), next_step=msg("sandbox.no_werkzeug.next"))
