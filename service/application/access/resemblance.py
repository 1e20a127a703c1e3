"""Finds accounts that may be of one human: somebody with a password here may come in through an identity provider too.

It proves nothing and refuses nothing; whoever reads a signature gets to know.
"""

import re
import unicodedata

from service.storage.tables import PersonRow


def resembles(one: PersonRow, other: PersonRow) -> bool:
    """Whether two accounts have the same name, in any writing or order, or call themselves the same."""
    return _words(one.name) == _words(other.name) or _stem(one.login) == _stem(other.login)


def _words(name: str) -> list[str]:
    """``Curie, Marie`` and ``MARIE CURIE`` are the same; accents are left out."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    return sorted(re.findall(r"\w+", plain.casefold()))


def _stem(login: str) -> str:
    return re.split(r"[+@]", login, maxsplit=1)[0]
