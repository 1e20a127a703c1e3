"""Where a request comes from, for counting failures and for the log; it decides nothing about who asks.

What a caller writes into X-Forwarded-For counts only when it comes through a proxy that the settings name.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

Network = IPv4Network | IPv6Network
# Whoever has one IPv6 address has as many as they like, but of one network of this size.
_IPV6_PREFIX: Final = 64
_UNKNOWN: Final = "unknown"


def source_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """The address that counts: the nearest one that is no proxy of ours."""
    client = scope.get("client")
    if client is None:
        return _UNKNOWN
    address = _address(str(client[0]))
    if address is None:
        return _UNKNOWN
    if trusted and _within(address, trusted):
        for text in reversed(_forwarded(scope)):
            nearer = _address(text)
            if nearer is None:
                break
            address = nearer
            if not _within(address, trusted):
                break
    return _named(address)


def _forwarded(scope: Scope) -> list[str]:
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [part.strip() for part in ",".join(values).split(",") if part.strip()]


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _within(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _named(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
