"""A Jira Cloud of prepared bytes in a process of its own: what a benchmark of the client alone is run against.

`prepared` records one whole first read of the sandbox and cuts its answers into one piece per issue; `Served` runs the
process that puts the pieces together again as they are asked for, with a latency that is slept.
"""

from benchmarks.served.process import Served as Served
from benchmarks.served.record import prepare as prepare
