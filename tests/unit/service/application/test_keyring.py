"""Signatures hold for their purpose and their key only; a secret is asked for, or made, where it is needed."""

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.application.keyring import DEVELOPMENT_SECRET, Keyring, keyring_at_hand, keyring_of
from service.errors import SettingsInvalid
from service.settings import Environment, Settings
from tests.keys import ANOTHER_SECRET_KEY, KEYRING, SECRET_KEY


@pytest.fixture(autouse=True)
def no_secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "FORMER_SECRET_KEY", "ENVIRONMENT", "DATA_DIR"):
        monkeypatch.delenv(f"MAGCHECK_{name}", raising=False)


def settings(folder: Path, **given: str) -> Settings:
    secrets = {name: SecretStr(value) for name, value in given.items()}
    return Settings(data_dir=folder, environment=Environment.DEVELOPMENT, **secrets)  # type: ignore[arg-type]


def test_the_signature_is_an_hmac_under_a_key_of_its_purpose() -> None:
    """Against the definition of RFC 2104, written out."""

    def mac(key: bytes, content: bytes) -> bytes:
        padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + content).digest()
        return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()

    subkey = mac(SECRET_KEY.encode(), b"magcheck/1/purpose/rule-set")
    assert KEYRING.mac("rule-set", b"content")[1] == mac(subkey, b"content").hex()


def test_only_the_same_content_for_the_same_purpose_is_verified() -> None:
    key_id, signature = KEYRING.mac("rule-set", b"content")
    assert KEYRING.verify("rule-set", b"content", key_id, signature)
    assert not KEYRING.verify("rule-set", b"content!", key_id, signature)
    assert not KEYRING.verify("api-key", b"content", key_id, signature)
    assert not KEYRING.verify("rule-set", b"content", "another", signature)
    for place in range(len(signature)):
        changed = f"{signature[:place]}{'0' if signature[place] != '0' else '1'}{signature[place + 1 :]}"
        assert not KEYRING.verify("rule-set", b"content", key_id, changed)
    for wrong in ("", signature[:-1], signature + "0", signature.upper(), "ü" * 64, "\ud800" * 64):
        assert not KEYRING.verify("rule-set", b"content", key_id, wrong)


def test_what_the_former_key_signed_still_counts_and_is_signed_no_more() -> None:
    both = Keyring(ANOTHER_SECRET_KEY.encode(), SECRET_KEY.encode())
    key_id, signature = KEYRING.mac("rule-set", b"content")
    assert both.verify("rule-set", b"content", key_id, signature)
    assert both.key_id != key_id
    assert both.mac("rule-set", b"content")[0] == both.key_id
    assert both.key_ids == {key_id, both.key_id}
    # The new key's name with the former key's signature is neither.
    assert not both.verify("rule-set", b"content", both.key_id, signature)
    assert not Keyring(ANOTHER_SECRET_KEY.encode()).verify("rule-set", b"content", key_id, signature)


def test_nothing_shows_the_secret() -> None:
    assert SECRET_KEY not in repr(KEYRING) + str(KEYRING) + KEYRING.key_id
    assert KEYRING.key_id not in SECRET_KEY


def test_production_without_a_secret_refuses(tmp_path: Path) -> None:
    production = Settings(data_dir=tmp_path)
    with pytest.raises(SettingsInvalid, match=r"^MAGCHECK_SECRET_KEY: missing; .*openssl rand -hex 32"):
        keyring_of(production)
    assert keyring_at_hand(production) is None
    assert list(tmp_path.iterdir()) == []


def test_the_secrets_of_the_settings_make_the_keyring(tmp_path: Path) -> None:
    given = settings(tmp_path, secret_key=SECRET_KEY, former_secret_key=ANOTHER_SECRET_KEY)
    keyring = keyring_of(given)
    assert keyring.key_id == KEYRING.key_id
    assert keyring.key_ids == {KEYRING.key_id, Keyring(ANOTHER_SECRET_KEY.encode()).key_id}
    assert list(tmp_path.iterdir()) == []


def test_development_makes_a_secret_once_for_this_user_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert keyring_at_hand(settings(folder)) is None
    first = keyring_of(settings(folder))
    assert [file.name for file in folder.iterdir()] == [DEVELOPMENT_SECRET]
    assert stat.S_IMODE((folder / DEVELOPMENT_SECRET).stat().st_mode) == 0o600
    assert keyring_of(settings(folder)).key_id == first.key_id
    at_hand = keyring_at_hand(settings(folder))
    assert at_hand is not None
    assert at_hand.key_id == first.key_id


def test_processes_that_start_at_once_have_the_same_secret(tmp_path: Path) -> None:
    program = (
        "from service.application.keyring import keyring_of\nfrom service.settings import Settings\n"
        f"print(keyring_of(Settings(data_dir={str(tmp_path)!r}, environment='development')).key_id)\n"
    )
    starting = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in starting}) == 1
    assert [file.name for file in tmp_path.iterdir()] == [DEVELOPMENT_SECRET]


@pytest.mark.parametrize("content", ["", "short", "0123456789abcdef0123456789abcdef", "\xff" * 40])
def test_a_development_file_without_a_usable_secret_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / DEVELOPMENT_SECRET).write_text(content, encoding="latin-1")
    with pytest.raises(SettingsInvalid, match="holds no usable secret; remove it"):
        keyring_of(settings(tmp_path))


def test_a_folder_that_cannot_keep_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsInvalid, match="MAGCHECK_DATA_DIR: the development secret cannot be kept"):
        keyring_of(settings(tmp_path / "file" / "folder"))
