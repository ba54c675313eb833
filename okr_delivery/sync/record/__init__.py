"""Records what a tracker answered, so that a run can be served again: without secrets, people and free text."""
