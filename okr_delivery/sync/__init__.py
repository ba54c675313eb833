"""Brings issues with their history from a tracker into the store: the connector contract, the engine, the transport."""
