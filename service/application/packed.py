"""Content as it is kept in the store: compressed, and never unpacked beyond a limit."""

import zlib

# 50,000 rules are 65 MB, a full release of RxNorm some 20; far above that it is an attempt to exhaust the memory.
MAXIMUM_BYTES = 256 * 1024 * 1024


def pack(content: bytes) -> bytes:
    """Compress content for the store."""
    return zlib.compress(content, level=9)


def unpack(packed: bytes, most: int = MAXIMUM_BYTES) -> bytes:
    """Bring content back.

    Raises:
        ValueError: it is not what `pack` makes; the text says why, for people who look after the database.
    """
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(packed, most)
    except zlib.error as error:
        raise ValueError("its content cannot be unpacked") from error
    if unpacking.unconsumed_tail or not unpacking.eof or unpacking.unused_data:
        raise ValueError("its content is too long, cut short or followed by something else")
    return content
