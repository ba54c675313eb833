"""One module per section of the iteration report: results in, view dataclasses out."""
