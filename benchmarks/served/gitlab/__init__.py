"""A GitLab of prepared bytes: REST's lists of issues and GraphQL's activity, in one piece per issue."""

from benchmarks.served.gitlab.record import prepare as prepare
from benchmarks.served.gitlab.record import write_config as write_config
