"""GitLab connector for okr-delivery."""

from okr_delivery_gitlab.connector import GitLabConnector

__all__ = ["GitLabConnector"]
