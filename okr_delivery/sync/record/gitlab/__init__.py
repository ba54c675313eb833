"""Scrubs what a GitLab answers, over REST and GraphQL."""

from okr_delivery.sync.record.gitlab.scrub import GitLabScrubber

__all__ = ["GitLabScrubber"]
