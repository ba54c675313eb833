"""Local trackers over real HTTP: a seeded synthetic organisation, or recorded payloads, with the faults of the wild."""

USER = "demo@example.com"
TOKEN = "sandbox-token"  # noqa: S105  # the sandbox's published login, good for nothing else
