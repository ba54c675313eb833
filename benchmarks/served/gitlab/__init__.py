"""A GitLab of prepared bytes: REST's lists of issues and GraphQL's activity, in one piece per issue."""
