"""Runs a piece of a test in a fork of this process, where it has one thread and may fork on its own."""

from __future__ import annotations

import io
import os
import pickle
import traceback
import warnings
from collections.abc import Callable
from typing import TypeVar

import pytest

Result = TypeVar("Result")


def alone(scenario: Callable[[], Result]) -> Result:
    """What it answers, which must survive pickling. Fails the test with its traceback when it raises.

    It counts as two cores, whatever the machine has. Waits until every process is gone that it left behind.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytest may have threads; what follows shares none of them
        child = os.fork()
    if child == 0:
        _report(scenario, writing)
    os.close(writing)
    with io.FileIO(reading) as pipe:  # ends when the last holder of the other end does
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert said, f"the process ended with {status}"
    answer: tuple[Result, str | None] = pickle.loads(said)
    if answer[1] is not None:
        pytest.fail(answer[1])
    return answer[0]


def _report(scenario: Callable[[], object], writing: int) -> None:
    os.sched_getaffinity = lambda _: {0, 1}
    try:
        outcome: tuple[object, str | None] = (scenario(), None)
    except BaseException:  # noqa: BLE001  # whatever it is fails the test
        outcome = (None, traceback.format_exc())
    with io.BufferedWriter(io.FileIO(writing, "w")) as pipe:
        pipe.write(pickle.dumps(outcome))
    os._exit(0)
