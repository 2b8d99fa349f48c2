"""Who may work for a server: same code, same libraries, same data, shared files; a GPU where one is asked for."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pruning.common.environment import ROOT, Settings
from pruning.common.errors import Missing
from pruning.engine import joining, shared
from pruning.engine.engine import Engine
from pruning.engine.papers import ABSENT, difference, papers
from pruning.store.store import Store
from pruning.zoo.base import Base
from tests.engine import fake_run
from tests.engine.cluster import Processes
from tests.engine.conftest import PATIENCE, TASK, Lab


def said(**changes: Any) -> dict[str, Any]:
    """What a welcome worker says."""
    words = {"papers": papers(), "name": "w", "threads": 1, "nanny": True, "gpu": False, "cuda": False, "shared": ""}
    return words | changes


def other(*path: str, value: Any = "else") -> dict[str, Any]:
    """Papers that differ in one place."""
    found = copy.deepcopy(papers())
    place = found
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return found


def test_papers_name_what_makes_numbers() -> None:
    import torch

    found = papers()
    assert found["libraries"]["torch"] == torch.__version__.partition("+")[0]
    assert {"data/fashion_mnist", "models/lenet_5"} <= set(found["embedded"])
    assert set(found["data"]) >= {"cifar10", "image_folder"} and "fashion_mnist" not in found["data"]
    assert found["data"]["image_folder"] == ABSENT
    assert difference(found, papers()) == "" and joining.verdict(found, said()) == ""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        (("code",), "another version of pruning"),
        (("python",), "Python else, not 3"),
        (("libraries", "torch"), "torch else, not 2"),
        (("libraries", "numpy"), "numpy else, not 2"),
        (("embedded", "models/lenet_5"), "other files in assets/models/lenet_5"),
    ],
)
def test_each_difference_is_named(path: tuple[str, ...], words: str) -> None:
    assert words in joining.verdict(papers(), said(papers=other(*path)))


def test_a_data_set_counts_only_where_both_have_one() -> None:
    assert difference(papers(), other("data", "image_folder")) == ""
    mine = other("data", "image_folder", value="these")
    assert difference(mine, other("data", "image_folder", value="those")) == "other images for 'image_folder'"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (said(threads=4), "--nthreads 1"),
        (said(nanny=False), "--no-nanny"),
        (said(gpu=True), "its torch sees none"),
        (said(shared="does not see the folder"), "does not see the folder"),
        (ModuleNotFoundError("No module named 'pruning'"), "has no pruning"),
        (Exception("ModuleNotFoundError(\"No module named 'pruning'\")"), "with PYTHONPATH=$PWD"),
        (OSError("gone"), "could not say what it has"),
        (None, "has gone"),
    ],
)
def test_other_reasons_are_sentences(words: Any, sentence: str) -> None:
    assert sentence in joining.verdict(papers(), words)
    assert joining.verdict(papers(), said(gpu=True, cuda=True)) == ""


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[dict[str, Store]]:
    """A server's store, a worker's on the same database and folder, and workers' that share only one of the two."""
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("one", "two")}
    found = {
        "server": Store.open(urls["one"], tmp_path / "files"),
        "worker": Store.open(urls["one"], tmp_path / "files"),
        "other folder": Store.open(urls["one"], tmp_path / "elsewhere"),
        "other database": Store.open(urls["two"], tmp_path / "files"),
    }
    yield found
    for store in found.values():
        store.close()


def test_what_is_not_shared_is_found_out_and_nothing_stays_behind(stores: dict[str, Store]) -> None:
    server = stores["server"]
    token = shared.leave(server)
    assert shared.answer(stores["worker"], token, "w1") == "" == shared.answered(server, token, "w1")
    assert "another database: PRUNING_STORE" in shared.answer(stores["other database"], token, "w2")
    assert "does not see the server's folder" in shared.answer(stores["other folder"], token, "w3")
    # A copy of the folder (an image, rsync) holds the token too, but what is written there stays there.
    shutil.copytree(server.artefacts.folder, stores["other folder"].artefacts.folder)
    assert shared.answer(stores["other folder"], token, "w4") == ""
    assert "where this server does not see them" in shared.answered(server, token, "w4")
    shared.forget(server, token)
    assert [path for path in server.artefacts.folder.rglob("*") if path.is_file()] == []
    assert "another database" in shared.answer(stores["worker"], token, "w5")


def test_tls_without_certificates_is_said() -> None:
    import dask

    from pruning.engine.client import check_certificates

    with (
        dask.config.set({"distributed.comm.tls.ca-file": None, "distributed.comm.tls.client.cert": "cert.pem"}),
        pytest.raises(Missing, match="set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
    ):
        check_certificates("tls://host:8786")


@pytest.fixture
def strangers(cluster: Processes, tmp_path: Path) -> Iterator[None]:
    """Two more workers on the cluster: one with other code, and one that offers a GPU (which this machine may lack)."""
    shutil.copytree(ROOT / "pruning", tmp_path / "pruning", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("assets", "tests"):
        (tmp_path / name).symlink_to(ROOT / name)
    with open(tmp_path / "pruning" / "macs.py", "a") as file:
        file.write("# another version\n")
    path = {"cwd": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    processes = [cluster.start_worker(**path), cluster.start_worker("--resources", "GPU=1")]
    yield
    for process in processes:
        cluster.end(process)


def test_strangers_get_no_work_and_a_gpu_goes_where_it_is(
    cluster: Processes, strangers: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "AGAIN_SECONDS", 1.0)
    fake_run.register()
    settings = Settings(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "files", cluster.address)
    with Engine(settings, task=TASK) as engine:
        lab = Lab(tmp_path, engine)
        lab.until(lambda: engine._runner.attempts.link)
        found = engine._runner.attempts.link.joining
        lab.until(lambda: len(found.admitted) == 2 and len(found.refused) == 2)
        for reason in (
            "differs from this server: it has another version of pruning (code ",
            "offers a GPU (--resources), but its torch sees none",
        ):
            lab.until(lambda reason=reason: reason in " ".join(found.refused.values()))  # a slow one is asked again
        assert set(found.admitted.values()) == {False}

        asked = lab.study()
        study = asked.model_copy(update={"base": Base(device="cuda")})
        view = engine.wait(engine.submit(study, owner="ada", durable=False), PATIENCE)
        assert view.state == "failed" and view.error.startswith("This study is to run on a CUDA device, and no worker")
        assert lab.executions(study) == 0

        # As if that worker's torch saw its GPU: now such studies go there, and only there.
        verdict = joining.verdict
        monkeypatch.setattr(joining, "verdict", lambda mine, words: verdict(mine, words | {"cuda": True}))
        lab.until(lambda: True in found.admitted.values())
        gpu = next(address for address, offers in found.admitted.items() if offers)
        pids = engine._runner.attempts.link.client.run(os.getpid)
        for number in range(3):
            study = lab.study().model_copy(update={"base": Base(device="cuda", seed=number)})
            view = engine.wait(engine.submit(study, owner="ada", durable=False), PATIENCE)
            assert view.state == "done" and view.rows is not None, view.error
            assert view.rows[0]["value"]["pid"] == pids[gpu]
    fake_run.unregister()


def test_the_files_that_a_lab_starts_from_say_what_the_engine_sets() -> None:
    import yaml

    from pruning.engine.child import CONFIG

    def flat(content: dict[str, Any], before: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in content.items():
            found |= flat(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
        return found

    assert flat(yaml.safe_load((ROOT / "deploy" / "dask.yaml").read_text())) == CONFIG
