"""A local GitLab: its state, what people do to it, and the organisation of the other trackers told in its terms."""
