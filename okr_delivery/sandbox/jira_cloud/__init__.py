"""Jira Cloud, served locally over real HTTP: the endpoints a sync uses, and the writes that change what it finds."""

from okr_delivery.sandbox.jira_cloud.server import RunningServer, serve

__all__ = ["RunningServer", "serve"]
