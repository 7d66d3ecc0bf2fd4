"""All checks, in code order. A check is a pure function from the linked project to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from lcmemlint.checks import (
    lcm101_per_request_memory,
    lcm102_process_local_history,
    lcm103_process_local_checkpointer,
    lcm104_process_local_store,
    lcm105_conversation_dict,
    lcm106_cross_user_memory,
    lcm107_host_local_history,
    lcm108_pruning_memory_on_shared_history,
    lcm109_silent_memory_fallback,
    lcm201_per_request_session_id,
    lcm202_per_process_session_id,
    lcm203_constant_session_id,
    lcm204_inconsistent_session_key,
    lcm301_unattached_memory,
    lcm302_half_wired_history,
    lcm303_missing_session_config,
    lcm304_memory_key_mismatch,
    lcm305_sync_async_mismatch,
    lcm306_thread_without_checkpointer,
    lcm307_saver_lifecycle,
    lcm308_setup_never_called,
    lcm309_saver_per_request,
    lcm401_scaled_without_shared_memory,
    lcm402_platform_managed_persistence,
    lcm403_localhost_history_url,
    lcm404_redis_modules_missing,
)
from lcmemlint.findings import Finding
from lcmemlint.link.project import Project


class Check(Struct, frozen=True):
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
    Check("LCM109", lcm109_silent_memory_fallback.check),
    Check("LCM201", lcm201_per_request_session_id.check),
    Check("LCM202", lcm202_per_process_session_id.check),
    Check("LCM203", lcm203_constant_session_id.check),
    Check("LCM204", lcm204_inconsistent_session_key.check),
    Check("LCM301", lcm301_unattached_memory.check),
    Check("LCM302", lcm302_half_wired_history.check),
    Check("LCM303", lcm303_missing_session_config.check),
    Check("LCM304", lcm304_memory_key_mismatch.check),
    Check("LCM305", lcm305_sync_async_mismatch.check),
    Check("LCM306", lcm306_thread_without_checkpointer.check),
    Check("LCM307", lcm307_saver_lifecycle.check),
    Check("LCM308", lcm308_setup_never_called.check),
    Check("LCM309", lcm309_saver_per_request.check),
    Check("LCM401", lcm401_scaled_without_shared_memory.check),
    Check("LCM402", lcm402_platform_managed_persistence.check),
    Check("LCM403", lcm403_localhost_history_url.check),
    Check("LCM404", lcm404_redis_modules_missing.check),
)
