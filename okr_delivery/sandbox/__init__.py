"""Local trackers over real HTTP: a seeded synthetic organisation, or recorded payloads, with the faults of the wild."""
