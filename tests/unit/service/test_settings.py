"""Settings come from the environment, say what is wrong with them, and never show a secret."""

import os
import secrets
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.errors import SettingsInvalid
from service.settings import DecisionLogging, Environment, Settings, faults_of_secret, unknown_variables
from tests.keys import SECRET_KEY


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in os.environ:
        if name.startswith("MAGCHECK_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


def url(settings: Settings) -> str:
    return settings.database_url.get_secret_value()


def test_defaults_are_those_of_a_careful_production(tmp_path: Path) -> None:
    settings = Settings.from_environment()
    assert (settings.environment, settings.host, settings.port) == (Environment.PRODUCTION, "127.0.0.1", 8000)
    assert settings.data_dir == tmp_path / "magcheck"
    assert url(settings) == f"sqlite:///{tmp_path}/magcheck/magcheck.sqlite3"


def test_without_a_data_home_the_data_lie_below_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.from_environment().data_dir == tmp_path / ".local" / "share" / "magcheck"


def test_the_database_follows_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAGCHECK_DATA_DIR", "var")
    settings = Settings.from_environment()
    assert settings.data_dir == tmp_path / "var"
    assert url(settings) == f"sqlite:///{tmp_path}/var/magcheck.sqlite3"


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql", "postgres"])
def test_every_spelling_of_postgresql_is_the_installed_driver(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv("MAGCHECK_DATABASE_URL", f"{scheme}://user:word@db/magcheck")
    assert url(Settings.from_environment()) == "postgresql+psycopg://user:word@db/magcheck"


@pytest.mark.parametrize(
    "address",
    ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://user:secret@db/x", "postgresql+asyncpg://x"],
)
def test_other_databases_are_refused_without_repeating_the_address(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MAGCHECK_DATABASE_URL", address)
    with pytest.raises(
        SettingsInvalid, match=r"MAGCHECK_DATABASE_URL: not a database address.*allowed: post"
    ) as caught:
        Settings.from_environment()
    assert "secret" not in str(caught.value)


def test_a_password_is_not_in_any_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_DATABASE_URL", "postgresql://user:geheim@db/magcheck")
    settings = Settings.from_environment()
    assert "geheim" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


@pytest.mark.parametrize("name", ["SECRET_KEY", "FORMER_SECRET_KEY"])
@pytest.mark.parametrize(
    "weak",
    [
        "4f1c9b7ad2e0863515fa7c3be9d2046",  # 31 bytes
        "changeme-changeme-changeme-changeme-",
        "this-is-my-secret-for-production-use",
        "Example000-9f3b1c7d5e8a2460-b1d9f7c3",
        "your-32-byte-key-goes-in-this-place!",
        "0123456789abcdef0123456789abcdef",
        "9f3b1c7d5e8a24609f3b1c7d5e8a2460",  # the same sixteen twice
        "abcdefghijklmnopqrstuvwxyz-zyxwvuts",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "1a2b1a2b3c1a2b3c1a2b1a2b1a3c1a2b1b2a",  # six different characters
    ],
)
def test_a_weak_secret_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, weak: str) -> None:
    monkeypatch.setenv(f"MAGCHECK_{name}", weak)
    with pytest.raises(SettingsInvalid, match=rf"^MAGCHECK_{name}: (too short|not a secret).*openssl rand") as caught:
        Settings.from_environment()
    assert weak not in str(caught.value)


def test_secrets_as_the_usual_tools_make_them_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(500):
        for secret in (secrets.token_hex(32), secrets.token_urlsafe(32), secrets.token_hex(16)):
            assert faults_of_secret(secret) is None, secret
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("MAGCHECK_FORMER_SECRET_KEY", "")  # as a compose file passes on what nobody has set
    settings = Settings.from_environment()
    assert settings.secret_key is not None
    assert settings.secret_key.get_secret_value() == SECRET_KEY
    assert settings.former_secret_key is None
    assert SECRET_KEY not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"


def test_every_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_PORT", "70000")
    monkeypatch.setenv("MAGCHECK_ENVIRONMENT", "staging")
    monkeypatch.setenv("MAGCHECK_EXPOSE_DOCS", "perhaps")
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment()
    assert [problem.partition(":")[0] for problem in sorted(caught.value.problems)] == [
        "MAGCHECK_ENVIRONMENT",
        "MAGCHECK_EXPOSE_DOCS",
        "MAGCHECK_PORT",
    ]
    assert "'development' or 'production'" in str(caught.value)


def test_what_kubernetes_puts_into_the_port_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_PORT", "tcp://10.0.0.7:8000")
    with pytest.raises(SettingsInvalid, match=r"MAGCHECK_PORT: set by Kubernetes.*enableServiceLinks: false"):
        Settings.from_environment()


def test_settings_do_not_change() -> None:
    settings = Settings.from_environment()
    with pytest.raises(ValidationError, match="frozen"):
        setattr(settings, "port", 1)  # noqa: B010 - the type checker refuses the plain way


def test_slips_of_the_pen_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_DATABSE_URL", "postgresql://db/x")
    monkeypatch.setenv("MAGCHECK_PORT", "8001")
    assert unknown_variables() == ("MAGCHECK_DATABSE_URL",)


def test_decisions_are_required_and_questions_are_not_kept_unless_somebody_says_so() -> None:
    settings = Settings.from_environment()
    assert settings.decision_log is DecisionLogging.REQUIRE
    assert settings.keep_requests is False
    assert settings.decision_days == 6 * 365


def test_production_keeps_decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_DECISION_LOG", "off")
    with pytest.raises(SettingsInvalid, match="MAGCHECK_DECISION_LOG: off is for development only; allowed in prod"):
        Settings.from_environment()
    monkeypatch.setenv("MAGCHECK_ENVIRONMENT", "development")
    assert Settings.from_environment().decision_log is DecisionLogging.OFF


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8, proxy",
            "entry 2 must be an address or network such as 10.0.0.7 or 10.0.0.0/8",
        ),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "entry 1 must be an address or network"),
        ("CDS_ORIGINS", "*", "entry 1 must be an origin as browsers write it"),
        ("CDS_FHIR_SERVERS", "http://x", "entry 1 must be a base address such as https://HOST/fhir"),
        ("MAX_STALE_HOURS", "soon", "must be a number such as 38 or 0.62"),
        ("OIDC_LANDING", "//elsewhere", "a path here, such as /admin"),
        ("JWT_ROLES_CLAIM", "a b", "names with points between"),
    ],
)
def test_a_fault_names_the_variable_and_what_it_takes(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(f"MAGCHECK_{name}", value)
    with pytest.raises(SettingsInvalid) as caught:
        Settings.from_environment()
    [problem] = caught.value.problems
    assert problem.startswith(f"MAGCHECK_{name}: ")
    assert words in problem
