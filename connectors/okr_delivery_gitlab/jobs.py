"""Blocks of rows on their way to pages: their histories are read elsewhere, and come in the order of the lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from okr_delivery.sync.errors import SyncError
from okr_delivery_gitlab.blocks import Block
from okr_delivery_gitlab.history import Detail, HistoryReader

Detailed = tuple[Block, Mapping[str, Detail]]
"""A block and the histories of its rows, by id."""


def jobs(histories: HistoryReader, found: Iterator[Block]) -> Iterator[Callable[[], Detailed]]:
    """One for each block. What ends the lists ends the pages in its turn, behind the blocks that came before."""
    try:
        for block in found:
            yield partial(_detailed, histories, block)
    except SyncError as error:
        yield partial(_raised, error)


def _detailed(histories: HistoryReader, block: Block) -> Detailed:
    return block, histories.read(block.rows)


def _raised(error: SyncError) -> Detailed:
    raise error
