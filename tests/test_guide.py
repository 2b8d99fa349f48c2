"""The developers' guide says what is so: its files are put into a copy of the program, and do there what it says."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_architecture import FILE_LINES, ORDER, complaint, imported

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
CHAPTERS = ("scorer", "allocation", "step", "model", "dataset", "measure", "chart", "page", "task")
WHOLE = re.compile(
    r"The whole file,\s+`([\w/]+\.py)`[^\n`]*(?:`[^`]*`[^\n`]*)*\n?[^\n]*:\n\n```python\n(.*?)```", re.DOTALL
)


def text(chapter: str) -> str:
    return (DOCS / "guide" / f"{chapter}.md").read_text()


def whole(chapter: str) -> tuple[str, str]:
    """Path and content of the file that a chapter shows."""
    (found,) = WHOLE.findall(text(chapter))
    return found


def lines(chapter: str) -> str:
    """The lines of Python that a chapter shows beside its file, to be run."""
    blocks = re.findall(r"```python\n(.*?)```", text(chapter), flags=re.DOTALL)
    return "\n".join(block for block in blocks if block != whole(chapter)[1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with all files of the guide in their places, and no other line changed."""
    place = tmp_path_factory.mktemp("house")
    bare = shutil.ignore_patterns("__pycache__")
    for name in ("pruning", "pages"):
        shutil.copytree(ROOT / name, place / name, ignore=bare)
    shutil.copy(ROOT / "app.py", place)
    (place / "assets").symlink_to(ROOT / "assets")
    for chapter in CHAPTERS:
        path, content = whole(chapter)
        file = place / path
        assert not file.exists(), path
        file.parent.mkdir(exist_ok=True)
        file.write_text(content)
    return place


def run(house: Path, code: str, *arguments: str) -> str:
    """What a fresh process in the copy prints."""
    command = [sys.executable, *(arguments or ("-c", code))]
    done = subprocess.run(command, cwd=house, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_file_keeps_the_rules_of_the_house(house: Path, chapter: str) -> None:
    path, content = whole(chapter)
    assert complaint(path, imported(content, ".".join(Path(path).parent.parts))) == []
    assert len(content.splitlines()) <= FILE_LINES[path.split("/")[0]]
    for command in (["check"], ["format", "--check"]):
        run(house, "", "-m", "ruff", *command, "--no-cache", "--config", str(ROOT / "pyproject.toml"), path)


def test_lists_know_them_and_need_no_torch(house: Path) -> None:
    code = """
import sys
import pruning
names = {"scorers": "relative_magnitude", "allocations": "by_size", "steps": "perturb", "models": "tiny_conv",
         "datasets": "stripes", "measures": "confidence", "tasks": "absolute_regression"}
print([name for kind, name in names.items() if name not in pruning.registries[kind]])
print("torch" in sys.modules)
"""
    assert run(house, code).split("\n")[:2] == ["[]", "False"]


def test_the_scorer_prunes_and_differs_from_magnitude_between_layers_only(house: Path) -> None:
    code = """
import json
import pruning
from pruning.study.fold import state_of

def masks(**method):
    return state_of(pruning.Base(), (pruning.Prune(sparsity=800, **method),)).masks

def removed(found):
    return [int((~mask).sum()) for mask in found.values()]

mine, median = masks(scorer="relative_magnitude"), masks(scorer="relative_magnitude", options={"usual": "median"})
alike = [masks(scorer=name, allocation="uniform") for name in ("relative_magnitude", "magnitude_l1")]
same = all(bool((alike[0][name] == mask).all()) for name, mask in alike[1].items())
every = [removed(found) for found in (mine, median, masks(scorer="magnitude_l1"))]
print(json.dumps([same, every]))
"""
    same, every = json.loads(run(house, code))
    assert same and [sum(layers) for layers in every] == [212_960] * 3
    assert len({tuple(layers) for layers in every}) == 3


def test_the_scorer_is_on_the_command_line(house: Path) -> None:
    listed = run(house, "", "-m", "pruning", "scorers")
    assert "relative_magnitude" in listed and "usual=mean (mean, median)" in listed


def test_the_allocation_shares_exactly(house: Path) -> None:
    code = """
import json
import numpy as np
import pruning
from pruning.criteria.plan import plan
from pruning.study.fold import state_of

def table(model, **how):
    state = state_of(pruning.Base(model=model), ())
    made = plan(state.scene(), pruning.Prune(**how))
    sizes = np.array([group.count for group in made.layout.groups.values()])
    wanted = np.arange(1001) / 1000 * sizes.sum()
    off = float(np.abs(made.removed.sum(0) - wanted).max())
    falls = bool((np.diff(made.removed, axis=1) < 0).any())
    return {"off": off, "groups": len(sizes), "falls": falls, "shares": (made.removed[:, 500] / sizes).tolist(),
            "sizes": sizes.tolist(), "kept": (sizes - made.removed[:, 990]).tolist(),
            "ends": [int(made.removed[:, 0].sum()), int((sizes - made.removed[:, 1000]).sum())]}

def options(strength):
    return {"allocation": "by_size", "allocation_options": {"strength": strength}}

print(json.dumps({
    "lenet_5": table("lenet_5", **options(0.5)),
    "capped": table("lenet_5", allocation="by_size", allocation_options={"cap": 900}),
    "channels": table("lenet_5", granularity="channel", **options(0.5)),
    "none": table("lenet_5", **options(0.0)),
    "uniform": table("lenet_5", allocation="uniform"),
    "full": table("lenet_5", **options(1.0)),
}))
"""
    found = json.loads(run(house, code))
    for name in ("lenet_5", "channels", "none", "full"):
        assert found[name]["off"] <= (found[name]["groups"] + 1) / 2 and found[name]["ends"] == [0, 0], name
    assert not any(one["falls"] for one in found.values())
    mine = found["lenet_5"]
    by_size = [share for _, share in sorted(zip(mine["sizes"], mine["shares"], strict=True))]
    assert by_size == sorted(by_size) and by_size[0] < by_size[-1]
    assert found["none"]["shares"] == pytest.approx(found["uniform"]["shares"], abs=0.01)
    assert max(found["full"]["kept"]) - min(found["full"]["kept"]) <= 1  # each keeps the same number


def test_the_step_changes_a_state_and_keeps_its_masks(house: Path) -> None:
    code = (
        lines("step")
        + """
import torch
from pruning.study.fold import state_of

pruned = state_of(study.base, (study.recipe[0],))
shaken = [state_of(study.base, (study.recipe[0], Perturb(strength=100, seed=seed))) for seed in (0, 1)]
before, after = pruned.weights, shaken[0].weights
for name, mask in pruned.masks.items():
    assert torch.equal(shaken[0].masks[name], mask)
    assert not after[name][~mask].any() and not before[name][~mask].any()
    moved = (after[name] - before[name])[mask]
    assert 0.05 < float(moved.std() / before[name].std()) < 0.2
    assert not torch.equal(after[name], shaken[1].weights[name])
again = Perturb(strength=100).apply(pruned, "again").weights
assert all(torch.equal(again[name], weight) for name, weight in after.items())
assert pruning.load_study(study.model_dump_json()).key == study.key
print(Perturb().words())
"""
    )
    out = run(house, code)
    accuracies = [float(line.split()[-1]) for line in out.splitlines()[1:4]]
    assert accuracies[0] > 0.85 and accuracies[0] - accuracies[2] > 0.05
    assert out.splitlines()[-1] == "Add noise of 10 % of each layer's standard deviation to its weights."


def test_model_and_data_set_are_an_experiment(house: Path) -> None:
    code = (
        lines("dataset")
        + """
import torch
from pruning.study.fold import state_of
from pruning.zoo.checkpoints import available, initial
from pruning.zoo.data import load
from pruning.zoo.kinds import datasets, models

assert f"{sum(p.numel() for p in initial('tiny_conv', 0).parameters()):,} parameters" in models["tiny_conv"].summary
splits = [load("stripes", split) for split in ("train", "validation", "test")]
assert [len(split) for split in splits] == [4000, 500, 1000]
again = datasets["stripes"]().load("test")
assert torch.equal(again.images, splits[2].images) and not torch.equal(splits[0].images[:500], splits[1].images)
images, _ = splits[0].batch(0, 4000)
assert abs(float(images.mean())) < 0.3 and abs(float(images.std()) - 1) < 0.3
print(available("tiny_conv"))
channels = pruning.Prune(granularity="channel", sparsity=500)
small = state_of(study.base, (study.recipe[0], channels, pruning.Remove()))
print([weight.shape[0] for weight in small.weights.values()])
student = state_of(study.base, (pruning.Student(width=50),))
print(sum(p.numel() for p in student.model.parameters()))
"""
    )
    out = run(house, code).splitlines()
    shares = [float(line.split()[2]) for line in out[1:4]]
    assert shares[0] > 0.95 and shares[1] > 0.8 and shares[2] < 0.6
    assert out[4].startswith("(False,") and "python assets/train.py --models tiny_conv" in out[4]
    first, second, classes = json.loads(out[5])
    assert first < 8 and second < 16 and first + second == 12 and classes == 4  # half of the 24 channels
    assert int(out[6]) < 2276 / 2


def test_the_measure_appears_and_is_right(house: Path) -> None:
    code = (
        lines("measure")
        + """
import json
import torch
from pruning.study.fold import state_of
from pruning.zoo.data import load

state = state_of(study.base, (pruning.Prune(sparsity=800),))
images, labels = load("fashion_mnist", "test").batch(0, 2000)
with torch.inference_mode():
    top = state.model(images).double().softmax(1).max(1)
right, error = top.indices == labels, 0.0
for low in range(10):
    own = (top.values >= low / 10) & (top.values < (low + 1) / 10 + (low == 9))
    if own.any():
        error += float(own.sum()) / 2000 * abs(float(right[own].double().mean() - top.values[own].mean()))
value = rows[1]["value"]
print(json.dumps([error, value, list(pruning.table(rows).columns)]))
"""
    )
    error, value, columns = json.loads(run(house, code).splitlines()[-1])
    assert value["error"] == pytest.approx(error, abs=1e-3) and 0 < error < 0.2
    assert sum(value["images"]) == value["count"] == 2000 and len(value["images"]) == 10
    assert "error" in columns


def test_the_chart_says_what_was_measured(house: Path) -> None:
    code = (
        lines("chart")
        + """
import numpy as np
import pandas as pd

assert [trace.type for trace in figure.data] == ["scatter", "scatter"] and chart.figure("dark").data
frame = pd.DataFrame({"confidence": [0.5, 0.9], "accuracy": [0.7, 0.9], "images": [100, 300]})
print(reliability(frame).title)
print(reliability(frame).csv().decode().splitlines()[1])
print(reliability(frame.iloc[:0]).title)
try:
    reliability(frame.drop(columns="images"))
except pruning.PruningError as error:
    print(error)
"""
    )
    out = run(house, code).replace("\u00a0", " ").splitlines()
    assert re.fullmatch(r"The network is (surer|less sure) than it is right: by [\d.<]+ % on average", out[0])
    assert out[1] == "The network is less sure than it is right: by 5 % on average"
    assert out[2:4] == ["50.0,70.0,100", "Nothing was measured"] and "images" in out[4]


def test_the_page_is_listed_and_draws(house: Path) -> None:
    code = """
import os
os.environ |= {"PRUNING_STORE": "sqlite:///test.db", "PRUNING_ARTEFACTS": "artefacts", "PRUNING_WORKERS": "1"}

def main():
    from streamlit.testing.v1 import AppTest

    from pages.shared.navigation import listed
    from pages.shared.server import engine

    print([page.title for page in listed()], listed()[0].name)
    page = AppTest.from_file("app.py", default_timeout=120)
    page.query_params["v"], page.query_params["model"] = "1", "lenet_300_100"
    page = page.run().switch_page("pages/confidence/page.py").run()
    for _ in range(20):
        assert not page.exception, page.exception[0].message
        for view in engine().views():
            engine().wait(view.id, 120)
        page.run()
        if not engine().views() and "reliability" in page.session_state["charts"]:
            break
    print(page.header[0].value)
    print(page.session_state["charts"]["reliability"].title)
    print([caption.value for caption in page.caption if "test images, LeNet" in caption.value])
    engine().close()

if __name__ == "__main__":
    main()
"""
    script = house / "visit.py"
    script.write_text(code)
    out = run(house, "", str(script)).replace("\u00a0", " ").splitlines()
    assert "Confidence" in out[0] and out[0].endswith("start")
    assert out[1] == "Is the network as right as it is sure?"
    assert "than it is right" in out[2] and "2,000 test images, LeNet-300-100" in out[3]


def test_the_task_trains_and_is_measured(house: Path) -> None:
    code = """
import torch
import pruning
from pruning.study.fold import state_of
from pruning.zoo.data import RowSplit
from pruning.zoo.kinds import Dataset, Model, datasets, models

@datasets.register
class Rows(Dataset):
    name, label, shape, task = "rows", "Rows", (6,), "absolute_regression"

    def load(self, split):
        draw = torch.Generator().manual_seed(len(split))
        inputs = torch.randn(600, 6, generator=draw)
        targets = inputs @ torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0, -1.0])
        return RowSplit(inputs, targets + 100 * (torch.rand(600, generator=draw) < 0.03))

@models.register
class Line(Model):
    name, label, data, input_shape, classes, task = "line", "Line", "rows", (6,), 1, "absolute_regression"

    def build(self):
        return torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))

measures = (pruning.MeasureSpec(name="quality"),)
train = pruning.Train(steps=600, batch=50, lr=0.02, optimiser="adam")
base = pruning.Base(model="line", mark="init")
for recipe in ((), (train,), (train, pruning.Prune(scorer="taylor_weight", sparsity=300))):
    value = pruning.run(pruning.Study(base=base, recipe=recipe, measures=measures))[0]["value"]
    print(value["quality"], value["measured"], sep=";")
try:
    pruning.run(pruning.Study(base=base, recipe=(), measures=(pruning.MeasureSpec(name="accuracy"),)))
except pruning.PruningError as error:
    print(error)
"""
    names = json.loads(run(house, "", "-m", "pruning", "scorers", "--json"))
    gradient = next(one["name"] for one in names if one["needs"] == "gradients")
    out = [line.split(";") for line in run(house, code.replace("taylor_weight", gradient)).splitlines()]
    assert {line[1] for line in out[:3]} == {"mean absolute error"}
    fresh, trained, pruned = (float(line[0]) for line in out[:3])
    assert trained < fresh - 1 and trained < 4.5 and pruned < fresh  # 3 % of the rows are off by 100
    assert "Measure its quality (mean absolute error) instead." in out[3][0]


def names_in(path: str) -> set[str]:
    """All that a file defines, methods with their class; and what it imports from elsewhere is not among them."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def test_every_function_of_the_trip_is_where_it_is_said_to_be() -> None:
    named = re.findall(r"`([\w.]+)`\s+\(`([\w/]+\.py)`\)", (DOCS / "developers.md").read_text())
    assert len(named) > 40
    assert [(name, path) for name, path in named if name not in names_in(path)] == []


def test_files_and_chapters_that_are_named_exist() -> None:
    for file in [DOCS / "developers.md", *(DOCS / "guide").glob("*.md")]:
        shown = file.read_text()
        mine = {whole(chapter)[0] for chapter in CHAPTERS}
        places = set(re.findall(r"`((?:pruning|pages|tests|assets|docs)/[\w./]*\w/?)`", shown)) - mine
        assert sorted(place for place in places if not (ROOT / place).exists()) == [], file.name
        links = re.findall(r"\]\(([\w./]+)\)", shown)
        assert [link for link in links if not (file.parent / link).exists()] == [], file.name
    linked = re.findall(r"\(guide/(\w+)\.md\)", (DOCS / "developers.md").read_text())
    assert tuple(linked) == CHAPTERS


def test_the_readme_lists_the_rooms_in_their_order() -> None:
    listed = re.findall(r"^\| `(\w+)/` \| ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    assert listed == [name for name in ORDER if name != "state"]


def test_the_picture_shows_the_rooms_as_they_are() -> None:
    spec = importlib.util.spec_from_file_location("rooms", DOCS / "rooms.py")
    assert spec is not None and spec.loader is not None
    rooms = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rooms)
    assert tuple(rooms.described()) == ORDER
    assert rooms.PICTURE.read_text() == rooms.drawing(), "run: python docs/rooms.py"
