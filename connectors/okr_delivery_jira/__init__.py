"""Jira connector for okr-delivery."""

from okr_delivery_jira.connector import JiraConnector

__all__ = ["JiraConnector"]
