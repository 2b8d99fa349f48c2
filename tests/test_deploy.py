"""Dockerfile, compose file and the page on deployment name only what exists: files, commands, options, variables."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import dask
import distributed  # noqa: F401 - its settings are Dask's then
import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker
from streamlit import config as streamlit_config

from pruning.common import environment as settings
from pruning.common.environment import ROOT, Settings

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
PAGE = (ROOT / "docs" / "deploy.md").read_text()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "pruning"}
KNOWN = {*settings.NAMES, "PRUNING_DATA", "PRUNING_IMAGE_FOLDER", "PRUNING_PLUGINS"}
OPTIONS = {
    "scheduler": {name for option in dask_scheduler.main.params for name in (*option.opts, *option.secondary_opts)},
    "worker": {name for option in dask_worker.main.params for name in (*option.opts, *option.secondary_opts)},
}


def filled(text: str, given: dict[str, str]) -> str:
    """What compose makes of ``${NAME:-default}`` and ``${NAME:?complaint}``."""

    def value(match: re.Match[str]) -> str:
        name, how, rest = match.groups()
        return given[name] if how == "?" else given.get(name, rest)

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", value, text)


def dask_setting(name: str) -> str:
    return name.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")


def instructions(word: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{word} ")]


def test_there_are_app_scheduler_workers_and_a_database() -> None:
    assert set(SERVICES) == {"app", "scheduler", "worker", "certificates", "database"}
    assert SERVICES["worker"]["scale"] > 1
    for service in SERVICES.values():
        assert set(service.get("depends_on", {})) <= set(SERVICES)
        mounted = {volume.split(":")[0] for volume in service.get("volumes", ())}
        assert mounted <= set(COMPOSE["volumes"])
    assert all({"data:/data", "certificates:/certificates"} <= set(service["volumes"]) for service in OURS.values())


@pytest.mark.parametrize("name", OURS)
def test_every_variable_means_something(name: str) -> None:
    for variable in OURS[name].get("environment", {}):
        if variable.startswith("PRUNING_"):
            assert variable in KNOWN
        elif variable != "DASK_CONFIG":
            dask.config.get(dask_setting(variable))  # raises KeyError for one that Dask does not have


def test_the_programs_settings_are_accepted() -> None:
    given = {"PRUNING_DATABASE_PASSWORD": "secret"}
    environment = {name: filled(value, given) for name, value in SERVICES["app"]["environment"].items()}
    found = Settings.read(environment)
    assert found.scheduler == "tls://scheduler:8786" and not found.insecure, "pickles go encrypted"
    assert found.store == "postgresql://pruning:secret@database/pruning"
    assert SERVICES["database"]["environment"]["POSTGRES_USER"] == "pruning"
    for name in ("app", "worker", "scheduler"):
        assert SERVICES[name]["environment"]["PRUNING_ARTEFACTS"] == str(found.artefacts), "one folder for all"
        assert SERVICES[name]["environment"]["DASK_CONFIG"] == "/app/deploy/dask.yaml"
    with pytest.raises(KeyError):
        filled(SERVICES["app"]["environment"]["PRUNING_STORE"], {})  # no password: compose stops


@pytest.mark.parametrize("name", ["scheduler", "worker"])
def test_dasks_command_line_takes_the_commands(name: str) -> None:
    program, kind, *words = SERVICES[name]["command"]
    assert (program, kind) == ("dask", name)
    assert (Path(sys.executable).parent / "dask").exists()
    given = [word.split("=")[0] for word in words if word.startswith("--")]
    assert given and set(given) <= OPTIONS[name]
    if name == "worker":
        assert words[words.index("--nthreads") + 1] == "1" and "--no-nanny" not in words


def test_the_app_is_not_open_to_the_world() -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["app"]["ports"])
    assert not any("ports" in service for name, service in SERVICES.items() if name != "app")


def test_the_images_own_command_and_its_options_exist() -> None:
    program, script, *options = re.findall(r'"([^"]+)"', instructions("CMD")[-1])
    assert program == "python" and (ROOT / script).is_file()
    known = streamlit_config.get_config_options()
    for option in options:
        assert option.removeprefix("--").split("=")[0] in known


def test_the_image_holds_what_the_program_needs_and_nothing_more() -> None:
    copied = [word for line in instructions("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"app.py", "pages", "pruning", "assets", ".streamlit", "deploy", "requirements.txt"} <= set(copied)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {name.split("/")[0] for name in allowed} == set(copied)
    assert not any("secrets" in name for name in allowed)


def test_nobody_is_root_and_health_is_asked_for() -> None:
    assert instructions("USER") == ["pruning"]
    assert "/_stcore/health" in instructions("HEALTHCHECK")[0]
    for name in ("scheduler", "database"):
        assert SERVICES[name]["healthcheck"]["test"]


def test_the_image_has_a_python_that_the_program_takes() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    least = tuple(map(int, wanted.removeprefix(">=").split(".")))
    versions = [tuple(map(int, found.split("."))) for found in re.findall(r"FROM python:(\d+\.\d+)-slim", DOCKERFILE)]
    assert len(versions) == 2 and len(set(versions)) == 1 and versions[0] >= least


def test_the_page_names_what_exists() -> None:
    assert set(re.findall(r"\bPRUNING_[A-Z_]+\b", PAGE)) <= KNOWN | set(
        re.findall(r"\$\{(PRUNING_\w+)", (ROOT / "compose.yaml").read_text())
    )
    for variable in re.findall(r"\b(DASK_DISTRIBUTED__\w+)(?![\w$])", PAGE):
        dask.config.get(dask_setting(variable))
    files = re.findall(r"`((?:deploy|pruning|\.streamlit|docs)/[\w./]+)`", PAGE)
    assert [name for name in files if not (ROOT / name).exists() and "secrets" not in name] == []
    for kind, line in re.findall(r"dask (scheduler|worker) ([^\n`]*)", PAGE):
        assert set(re.findall(r"(?<!\S)--[\w-]+", line)) <= OPTIONS[kind]
    assert "docs/deploy.md" in (ROOT / "README.md").read_text()
