"""What the manifests say about the stores of conversations: who reaches them, and which software they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from posixpath import dirname

from msgspec import Struct

from lcmemlint.deploy.workload import Spot, Workload
from lcmemlint.findings import Confidence
from lcmemlint.link.addresses import Address, host_of, is_loopback_host
from lcmemlint.link.memory import Memory
from lcmemlint.link.scaling import Scaling, location
from lcmemlint.values import Location

_PLAIN_REDIS = r"(?:[\w.:-]+/)*redis(?::(\d+)(?:[.-][\w.-]*)?)?(?:@.*)?"
_WITH_MODULES = r"redis-stack|redisearch|redismod|rejson|redis:(?:[89]|\d\d|latest|alpine)|redis\Z"
_ENOUGH = 8
"""The first Redis that brings search and JSON along."""


class Alone(Struct, frozen=True):
    """A container whose store of conversations is said to be the container itself; ``at`` is the manifest's line."""

    workload: Workload
    quality: Confidence
    host: str
    at: Location | None
    declared: Location


class PlainRedis(Struct, frozen=True):
    """A Redis without modules that an app with these memories is deployed with."""

    image: str
    at: Location
    memories: tuple[Memory, ...]


def find_alone(scaling: Scaling, memory: Memory, address: Address) -> Alone | None:
    """The container in which an address is the container itself; None if it is not, or something replaces it."""
    if address.how != "fallback" and not is_loopback_host(address.host):
        return None
    for linked in scaling.around(memory.at, memory.trace):
        workload = linked.workload
        if not workload.container or workload.host_network or workload.beside or linked.quality is None:
            continue
        if workload.verdict in ("off", "managed"):
            continue
        alone = Alone(workload, linked.quality, address.host, None, location(workload.at))
        if address.how != "fallback":
            return alone
        found = _by_variable(alone, address)
        if found is not None:
            return found
    return None


def _by_variable(alone: Alone, address: Address) -> Alone | None:
    """The same for an address that variables replace."""
    workload = alone.workload
    given = [one for name in address.variables if (one := workload.setting(name)) is not None]
    for one in given:
        host = host_of(one.value or "")
        if is_loopback_host(host):
            at = location(Spot(one.path, one.line)) if one.path and one.line else None
            return Alone(workload, alone.quality, host, at, alone.declared)
    # A Dockerfile's variables are set where it is run; a list of variables without this one is complete.
    if given or workload.open_env or not workload.env or workload.format == "docker":
        return None
    return alone if is_loopback_host(address.host) else None


def find_plain_redis(scaling: Scaling, memories: Iterable[Memory]) -> Iterator[PlainRedis]:
    """The Redis images without modules, with the memories that need some."""
    needing = tuple(memories)
    if not needing:
        return
    real = [one.workload for one in scaling.linked if one.workload.rank != "example" and one.workload.image]
    for one in real:
        image = one.image or ""
        if not _is_plain(image) or one.image_at is None:
            continue
        users = tuple(memory for memory in needing if _may_use(scaling, memory, one))
        others = (other.image or "" for other in real if dirname(other.path) == dirname(one.path))
        if users and not any(re.search(_WITH_MODULES, other) for other in others):
            yield PlainRedis(image, location(one.image_at), users)


def _is_plain(image: str) -> bool:
    found = re.fullmatch(_PLAIN_REDIS, image)
    return found is not None and found[1] is not None and int(found[1]) < _ENOUGH


def _may_use(scaling: Scaling, memory: Memory, redis: Workload) -> bool:
    """Whether the app may talk to this Redis: deployed beside it, and not told the name of another one."""
    apps = [one.workload for one in scaling.around(memory.at, memory.trace)]
    beside = [one for one in apps if dirname(one.path) == dirname(redis.path)]
    if apps and not beside:
        return False
    hosts = {
        host
        for one in beside
        for setting in one.env
        if (setting.value or "").startswith(("redis://", "rediss://"))
        and (host := host_of(setting.value or ""))
    }
    return not hosts or redis.name.lower() in hosts
