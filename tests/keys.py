"""Secrets for tests, which sign nothing else, and the keyring of the first."""

from typing import Final

from service.application.keyring import Keyring

SECRET_KEY: Final = "8c1f04a7e95b2d6630fd7b18ae42c9f5d0167e3b84a92c5df6e0713b9a5c8d24"
ANOTHER_SECRET_KEY: Final = "3f9a6c02d8e17b45c0942fb7e86d513a7b2c4e90f1d8653ca04e97b1d2f68c5b"
KEYRING: Final = Keyring(SECRET_KEY.encode())
