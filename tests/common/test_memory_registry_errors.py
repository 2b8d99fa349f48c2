"""The memory of recent things, the registries, and errors that travel."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import pruning.common.errors as errors
from pruning.common import memory as lru
from pruning.common.errors import PruningError, UnknownName, unforeseen
from pruning.common.memory import Recent
from pruning.common.registry import Entry, Registry, complaints, registries
from pruning.criteria.kinds import scorers

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("models", "datasets", "scorers", "granularities", "allocations", "measures")


def test_the_least_recently_used_goes_first() -> None:
    memory: Recent[int] = Recent(2)
    memory.put("a", 1), memory.put("b", 2)
    assert memory.get("a") == 1
    memory.put("c", 3)
    assert (memory.get("a"), memory.get("b"), memory.get("c"), len(memory)) == (1, None, 3, 2)


def test_what_nobody_used_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(lru, "time", SimpleNamespace(monotonic=lambda: now[0]))
    memory, other = Recent[int](9), Recent[int](9)
    memory.put("a", 1), memory.put("b", 2), other.put("a", 3)
    now[0] = 200.0
    assert memory.get("a") == 1  # a look is a use
    now[0] = 301.0
    assert lru.rest(200.0) >= 2  # memories of other tests may be there, too
    assert (memory.get("a"), memory.get("b"), other.get("a")) == (1, None, None)
    assert memory.rest(200.0) == 0


def test_a_value_is_made_once_while_it_is_remembered() -> None:
    memory: Recent[list] = Recent(1)
    made = [memory.get_or_make("a", list) for _ in range(2)]
    assert made[0] is made[1]
    memory.put("b", [])
    assert memory.get_or_make("a", list) is not made[0]


def test_a_functions_results_are_remembered_by_its_arguments_and_forgotten_at_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr(lru, "time", SimpleNamespace(monotonic=lambda: now[0]))
    asked: list[tuple[int, int]] = []

    @lru.remembered(2)
    def total(one: int, other: int = 0) -> int:
        """Documented."""
        asked.append((one, other))
        return one + other

    assert [total(1), total(1), total(1, other=2), total(1, other=2), total(1)] == [1, 1, 3, 3, 1]
    assert asked == [(1, 0), (1, 2)] and total.__doc__ == "Documented."
    total(5)  # one too many: the least recently used goes
    total(1, other=2)
    assert asked[2:] == [(5, 0), (1, 2)]
    now[0] = 100.0
    assert lru.rest(50.0) >= 2 and total(5) == 5 and asked[4:] == [(5, 0)]


def test_putting_again_replaces() -> None:
    memory: Recent[int] = Recent(2)
    memory.put("a", 1), memory.put("b", 2), memory.put("a", 3), memory.put("c", 4)
    assert (memory.get("a"), memory.get("b"), memory.get("c")) == (3, None, 4)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_exists_describes_itself(kind: str) -> None:
    known = registries[kind]
    ranks = [(known[name].rank, name) for name in known]
    assert len(known) == len(ranks) > 0 and ranks == sorted(ranks) and known.names() == list(known)
    for name in known:
        entry = known[name]
        assert entry.name == name and entry.label and name in known
        for field, info in entry.model_fields.items():
            assert info.description or info.annotation in (str, tuple[int, ...]), f"{name}.{field} needs a description"
    for name in scorers:
        scorer = scorers[name]
        assert all((scorer.formula, scorer.idea, scorer.cost, scorer.fails, scorer.reference, scorer.summary)), name


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_name_says_what_is_near(kind: str) -> None:
    known = registries[kind]
    name = known.names()[0]
    with pytest.raises(UnknownName, match=f"There is no {known.kind} '{name}x'. Did you mean '{name}'"):
        known[name + "x"]
    with pytest.raises(UnknownName, match="There is no .* 'zzzz'. Known: "):
        known["zzzz"]
    assert "zzzz" not in known


def test_names_that_clash_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pruning.common.registry.registries", {})  # it takes no other's place
    shelf: Registry[Entry] = Registry("thing", "pruning.criteria.scorers")
    first = shelf.register(type("One", (Entry,), {"name": "same", "__module__": "here", "__qualname__": "One"}))
    shelf.register(type("One", (Entry,), {"name": "same", "__module__": "here", "__qualname__": "One"}))  # a reload
    for module, what in (("there", "One"), ("here", "Two")):
        with pytest.raises(ValueError, match="thing 'same' of .* is already taken by here.One"):
            shelf.register(type(what, (Entry,), {"name": "same", "__module__": module, "__qualname__": what}))
    assert first is not None


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package ``slow_entries`` that can be imported."""
    folder = tmp_path / "slow_entries"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.startswith("slow_entries")]:
        del sys.modules[name]


def test_another_thread_waits_until_all_are_there(package: Path) -> None:
    """Two sessions of the dashboard ask at once, while the modules are still being imported."""
    (package / "a.py").write_text("import time; time.sleep(0.3)\n")
    (package / "b.py").write_text("import builtins; builtins.slow_entries_register()\n")
    shelf: Registry[Entry] = Registry("thing", "slow_entries")
    import builtins

    builtins.slow_entries_register = lambda: shelf.register(type("One", (Entry,), {"name": "one"}))
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append("one" in shelf)) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    del builtins.slow_entries_register
    assert found == [True, True, True]


@pytest.mark.parametrize("wrong", ["raise RuntimeError('no such thing')", "import nowhere_at_all", "def (:", "1 / 0"])
def test_a_file_that_fails_is_named_and_the_others_are_there(
    package: Path, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    import builtins

    shelf: Registry[Entry] = Registry("thing", "slow_entries")
    builtins.slow_entries_shelf = shelf
    made = "import builtins\nfrom pruning.common.registry import Entry\n@builtins.slow_entries_shelf.register\n"
    for name in ("a", "z"):
        (package / f"{name}.py").write_text(f"{made}class A(Entry):\n    name = '{name}'\n")
    (package / "half.py").write_text(f"{made}class A(Entry):\n    name = 'half'\n{wrong}\n")
    assert shelf.names() == ["a", "z"]  # neither the file nor what it had registered before it failed
    del builtins.slow_entries_shelf
    assert [str(package / "half.py") in sentence for sentence in shelf.broken] == [True]
    assert len(shelf) == 2 and len(shelf.broken) == 1 and str(package / "half.py") in caplog.text
    with pytest.raises(UnknownName, match="There is no thing 'half'.*half.py was left out: it fails with"):
        shelf["half"]
    assert shelf.broken[0] in complaints()
    registries.pop("slow_entries", None)


ERRORS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, PruningError)]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_errors_travel_between_processes(kind: type[PruningError]) -> None:
    before = kind("scorer", "magnitud", ["magnitude"]) if kind is UnknownName else kind("A sentence.")
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is kind and str(after) == str(before)
    assert str(before) in ("A sentence.", "There is no scorer 'magnitud'. Did you mean 'magnitude'? Known: magnitude.")


def test_names_and_options_can_be_read_without_torch() -> None:
    code = (
        "import sys; from pruning.common.registry import registries; from pruning.study import study as specs\n"
        f"[list(registries[kind]) for kind in {KINDS}]\n"
        'specs.load_study(\'{"measures": [{"name": "accuracy"}]}\').cells()[0].state_key\n'
        "print([name for name in ('torch', 'streamlit', 'torchvision', 'sqlalchemy') if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert out.stdout.strip() == "[]", out.stdout + out.stderr


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
        RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    ],
)
def test_want_of_memory_is_said_with_what_to_do(error: BaseException) -> None:
    assert unforeseen(error).startswith("The work needs more memory") and "PRUNING_WORKER_MEMORY" in unforeseen(error)
    assert unforeseen(KeyError("a")) == "Internal error: KeyError: 'a'"


@pytest.mark.parametrize(
    ("module", "said"), [("onnx.helper", "The library 'onnx' is not"), ("pruning.x", "not complete")]
)
def test_a_library_that_is_not_there_is_no_internal_error(module: str, said: str) -> None:
    assert said in unforeseen(ModuleNotFoundError(f"No module named '{module}'", name=module))
