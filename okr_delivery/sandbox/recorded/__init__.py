"""Recorded payloads as a site that can be served: `{"site": …, "payload": …}` lines of a real tracker's answers.

Bodies keep their recorded fields, histories move from the bodies to where a sync asks for them. What a recording lacks
(statuses, projects, boards, fields) is derived from what the issues and their histories tell.
"""

from okr_delivery.sandbox.recorded.load import Recording, load

__all__ = ["Recording", "load"]
