"""Issues, history, derivations and facts: SQLite by default, PostgreSQL when shared, with the ledger beside it."""

from okr_delivery.store.ledger import Ledger
from okr_delivery.store.rows import DeploymentMark, Derived, Fact, SeenClaim, SourceState
from okr_delivery.store.store import Store, StoreView, open_store
from okr_delivery.store.writes import StoreTx

__all__ = [
    "DeploymentMark",
    "Derived",
    "Fact",
    "Ledger",
    "SeenClaim",
    "SourceState",
    "Store",
    "StoreTx",
    "StoreView",
    "open_store",
]
