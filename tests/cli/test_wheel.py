"""A wheel carries all that the program needs, nothing of it beside other packages, and works in any folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pruning.cli.dashboard import environment as app_environment
from tests.cli.conftest import ROOT

pytestmark = pytest.mark.slow
SOURCES = ("app.py", "pages", "pruning", "assets", ".streamlit", "pyproject.toml", "setup.py", "MANIFEST.in")
SOURCES += ("requirements.txt", "README.md", "LICENSE", "NOTICE")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources and installed into a folder; libraries are those of the tests."""
    place = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, target = ROOT / name, place / "source" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place), str(place / "source")]
    subprocess.run(build, check=True, timeout=300)
    (wheel,) = place.glob("*.whl")
    target = ["--target", str(place / "site"), str(wheel)]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", *target], check=True, timeout=300)
    shutil.rmtree(place / "source")  # nothing may look there any more
    return place / "site"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(site: Path, tmp_path: Path) -> dict[str, str]:
    """As a person has it who has only installed the program."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PRUNING_")}
    home = {"HOME": str(tmp_path / "home"), "XDG_DATA_HOME": str(tmp_path / "home" / "data")}
    return plain | home | {"PYTHONPATH": str(site), "PRUNING_WORKERS": "1"}


def said(code: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_nothing_lies_beside_other_packages(site: Path) -> None:
    (wheel,) = site.parent.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"pruning", "pruning-0.1.0.dist-info"}
    held = {name.removeprefix("pruning/_bundled/") for name in names if name.startswith("pruning/_bundled/")}
    here = {
        path.relative_to(ROOT).as_posix()
        for folder in ("pages", "assets", ".streamlit")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.parent != ROOT / "assets" / "images"
    }
    scripts = {name for name in here if name.startswith("assets/") and name.endswith(".py")}
    assert held == (here - scripts) | {"app.py"}
    assert wheel.stat().st_size < 95_000_000  # PyPI takes 100 MB


def test_the_scripts_start_it(site: Path, elsewhere: Path, environment: dict[str, str]) -> None:
    for name, words in (("pruning", "prune a model"), ("pruning-dashboard", "--port")):
        done = subprocess.run(
            [sys.executable, str(site / "bin" / name), "--help"],
            cwd=elsewhere,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0 and words in done.stdout, done.stderr


def test_the_command_line_gives_the_numbers_of_the_repository(
    site: Path, elsewhere: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["-m", "pruning", "prune", "--model", "lenet_300_100", "--sparsity", "90%", "--count", "300", "--json"]
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (line,) = json.loads(done.stdout)["table"]
    from pruning.cli import arguments
    from pruning.cli.parser import parser
    from pruning.study.run import run

    study = arguments.study_of(parser().parse_args(words[2:]))
    assert json.loads(done.stdout)["key"] == study.key
    assert line["accuracy"] == run(study)[0]["value"]["correct"] / 300
    assert (tmp_path / "home" / "data" / "pruning" / "pruning.db").is_file()
    assert not list(elsewhere.iterdir()) and not (site / "var").exists()


def test_every_page_of_the_app_is_drawn(site: Path, elsewhere: Path, environment: dict[str, str]) -> None:
    code = """
from pathlib import Path
import pruning
from pruning.common.environment import INSTALLED, ROOT
from streamlit.testing.v1 import AppTest
assert INSTALLED and ROOT == Path(pruning.__file__).parent / "_bundled"
page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
page.query_params["model"] = "lenet_300_100"
page.run()
assert not page.exception, page.exception
print(page.header[0].value)
from pages.shared.navigation import PAGES
assert PAGES == ROOT / "pages"
from pages.scorers.fares import ORDERINGS
from pages.shared.server import engine, store
assert list(ORDERINGS.glob("*.json")) and store().bundled.get([]) == {} and store().bundled._measures
engine().close()
"""
    assert "LeNet-300-100" in said(code, elsewhere, environment)


def test_the_dashboard_answers(elsewhere: Path, environment: dict[str, str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pruning", "dashboard", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, cwd=elsewhere, env=environment, start_new_session=True)
    try:
        until = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    assert answer.read() == b"ok"
                    break
            except OSError:
                assert process.poll() is None and time.monotonic() < until
                time.sleep(0.3)
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


@pytest.fixture
def parts() -> Iterator[dict[str, str]]:
    yield {"PRUNING_STORE": "sqlite:///mine.db", "PRUNING_IMAGE_FOLDER": "pictures", "PRUNING_DATA": "/data"}


def test_what_is_named_relative_to_a_folder_stays_there(parts: dict[str, str]) -> None:
    made = app_environment(parts, Path("/home/me"))
    assert made["PRUNING_STORE"] == "sqlite:////home/me/mine.db"
    assert (made["PRUNING_IMAGE_FOLDER"], made["PRUNING_DATA"]) == ("/home/me/pictures", "/data")
    for store in ("sqlite:////a/b.db", "postgresql://u@h/b", "sqlite:///:memory:", ""):
        assert app_environment({"PRUNING_STORE": store}, Path("/home/me"))["PRUNING_STORE"] == store
