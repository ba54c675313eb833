"""Jira connector for okr-delivery."""
