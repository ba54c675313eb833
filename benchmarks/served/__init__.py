"""Trackers of prepared bytes in a process of their own: what a benchmark of the client alone is run against.

`record` (of Jira; `gitlab.record` of GitLab) records one whole first read of the sandbox and cuts its answers into one
piece per issue; `process.Served` runs the process that puts the pieces together again as they are asked for, with a
latency that is slept. Nothing is imported here: `client` must not hold a server's libraries, its memory is measured.
"""
