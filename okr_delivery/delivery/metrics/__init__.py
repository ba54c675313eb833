"""Delivery metrics, one module per family; `measure` answers all of them for a team and a period."""

from okr_delivery.delivery.metrics.measure import ALL, measure

__all__ = ["ALL", "measure"]
