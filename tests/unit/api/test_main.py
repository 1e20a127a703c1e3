"""How the service is put together and started."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rules import CompiledRuleSet
from service import main
from service.application.active import ActiveRuleSet
from service.settings import Settings
from tests.keys import SECRET_KEY
from tests.unit.api.contract_client import ContractClient

# What only other commands need, or another database: each costs memory and start-up time in every serving process.
NOT_IN_A_SERVER = (
    *("alembic", "typer", "rich", "yaml", "pyarrow", "numpy", "polars", "pandas", "httpx", "httpx2"),
    *("joserfc", "authlib", "cryptography"),
    "psycopg",
)


def python(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_serving_process_loads_nothing_it_does_not_need(tmp_path: Path) -> None:
    program = f"""
import sys
from service.main import app_from_environment
app = app_from_environment()
print([name for name in {NOT_IN_A_SERVER!r} if name in sys.modules])
"""
    done = python(program, MAGCHECK_DATA_DIR=str(tmp_path), MAGCHECK_SECRET_KEY=SECRET_KEY)
    assert done.stdout == "[]\n", done.stderr
    assert list(tmp_path.iterdir()) == []  # nothing is created before the database is asked for


def test_loading_the_module_configures_nothing() -> None:
    program = """
import gc, logging, os
before = (gc.isenabled(), list(logging.getLogger().handlers), dict(os.environ))
import service.main
print((gc.isenabled(), list(logging.getLogger().handlers), dict(os.environ)) == before)
"""
    assert python(program, MAGCHECK_PORT="not a port").stdout == "True\n"


def test_wrong_settings_are_named_and_nothing_starts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.main"],
        env={**os.environ, "MAGCHECK_PORT": "99999", "MAGCHECK_ENVIRONMENT": "prod"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert "MAGCHECK_PORT" in done.stderr
    assert "MAGCHECK_ENVIRONMENT" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_database_the_service_lives_and_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAGCHECK_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("MAGCHECK_SECRET_KEY", SECRET_KEY)
    monkeypatch.setattr(main, "configure_logging", lambda **_: None)
    monkeypatch.setattr(main, "_settle", gc.enable)
    with ContractClient(main.app_from_environment()) as client:
        assert client.get("/health/live").status_code == 200
        response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["detail"] == (
        "No rule set has been loaded: there is no database yet; run `magcheck db upgrade`; the last known good rule "
        "set on disk is refused: there is none."
    )


def test_garbage_is_collected_again_once_the_service_has_started() -> None:
    gc.disable()
    try:
        main._settle()
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()


def test_two_applications_in_one_process_stay_apart(settings: Settings, compiled: CompiledRuleSet) -> None:
    with (
        ContractClient(main.create_app(settings, ActiveRuleSet(compiled))) as one,
        ContractClient(main.create_app(settings, ActiveRuleSet())) as other,
    ):
        assert one.get("/health/ready").status_code == 200
        assert other.get("/health/ready").status_code == 503
        assert 'route="/health/ready",status="200"' not in other.get("/metrics").text
