"""Serves a recorded run again over real HTTP: the answers of a tracker that is far away, in the order it gave them."""

from okr_delivery.sandbox.replay.recording import Recording, load
from okr_delivery.sandbox.replay.server import RunningReplay, serve

__all__ = ["Recording", "RunningReplay", "load", "serve"]
