"""Keeps OKRs and the tracker in step: sync, gate, value trace and report."""

__version__ = "0.1.0"
