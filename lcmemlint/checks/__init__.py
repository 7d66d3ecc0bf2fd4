"""All checks, in code order. A check is a pure function from the linked project to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lcmemlint.checks import (
    lcm101_per_request_memory,
    lcm102_process_local_history,
    lcm103_process_local_checkpointer,
    lcm104_process_local_store,
    lcm105_conversation_dict,
    lcm106_cross_user_memory,
    lcm107_host_local_history,
    lcm108_pruning_memory_on_shared_history,
    lcm201_per_request_session_id,
    lcm203_constant_session_id,
    lcm301_unattached_memory,
    lcm303_missing_session_config,
    lcm306_thread_without_checkpointer,
)
from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


@dataclass(frozen=True, slots=True)
class Check:
    """A rule's code and the function that finds its faults."""

    code: str
    check: Callable[[Project], Iterator[Finding]]


CHECKS: tuple[Check, ...] = (
    Check("LCM101", lcm101_per_request_memory.check),
    Check("LCM102", lcm102_process_local_history.check),
    Check("LCM103", lcm103_process_local_checkpointer.check),
    Check("LCM104", lcm104_process_local_store.check),
    Check("LCM105", lcm105_conversation_dict.check),
    Check("LCM106", lcm106_cross_user_memory.check),
    Check("LCM107", lcm107_host_local_history.check),
    Check("LCM108", lcm108_pruning_memory_on_shared_history.check),
    Check("LCM201", lcm201_per_request_session_id.check),
    Check("LCM203", lcm203_constant_session_id.check),
    Check("LCM301", lcm301_unattached_memory.check),
    Check("LCM303", lcm303_missing_session_config.check),
    Check("LCM306", lcm306_thread_without_checkpointer.check),
)
