"""The journey of a person with a network and pictures of their own: bring both, prune, train, compare, take home."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect

from pruning.zoo.added.building import building
from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_journey import shot, taken

pytestmark = pytest.mark.browser
ARCHITECTURE = "timm:test_resnet"
CLASSES = ("leaf", "sand", "sea")
EACH = 24
LOADS = """
import sys, torch
# torchvision's wheel of PyPI stops beside a torch for the CPU alone, which has no such operators.
operators = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, name):
        operators.define(name + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import timm
saved = torch.load(sys.argv[1], weights_only=True)
model = timm.create_model("test_resnet", num_classes=3)
model.load_state_dict(saved["model"])
weights = [p for p in model.parameters() if p.ndim > 1]
print(sum(int((p == 0).sum()) for p in weights), sum(p.numel() for p in weights))
assert "pruning" not in sys.modules
"""
"""What the person's own program does, without this one."""


@pytest.fixture
def brought(tmp_path: Path) -> tuple[Path, Path]:
    """A checkpoint as training programs write it, and a zip of photographs."""
    draw = np.random.default_rng(5)
    pictures = tmp_path / "photographs.zip"
    with zipfile.ZipFile(pictures, "w") as held:
        for label, name in enumerate(CLASSES):
            for number in range(EACH):
                pixels = draw.integers(0, 80, (40, 40, 3))
                pixels[..., label] += 120
                out = io.BytesIO()
                Image.fromarray(pixels.astype(np.uint8)).save(out, "JPEG")
                held.writestr(f"photographs/{name}/{number}.jpg", out.getvalue())
    torch.manual_seed(3)
    model = building(ARCHITECTURE)(len(CLASSES), 3)
    checkpoint = tmp_path / "best.pth"
    torch.save({"model": model.state_dict(), "epoch": 7}, checkpoint)
    return checkpoint, pictures


def ready(page: Page) -> None:
    """Nothing is under way, and nothing is wrong."""
    expect(page.locator("[data-testid=stStatusWidget]")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator("[data-testid=stException], [data-testid=stAlertContentError]")).to_have_count(0)


def written(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def test_a_network_and_pictures_of_ones_own_reach_a_file(
    page: Page, server: Server, brought: tuple[Path, Path], tmp_path: Path
) -> None:
    checkpoint, pictures = brought
    page.goto(server.url + "models")
    page.get_by_role("tab", name="Data").click()
    page.locator(".st-key-data_file input[type=file]").set_input_files(pictures)
    written(page, "Name of the data", "photographs")
    page.get_by_role("button", name="Read and keep it").click()
    expect(page.get_by_text("Kept as own:photographs")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("72 pictures in 3 classes")).to_be_visible()
    shot(page, "own-data-1440-light")

    page.get_by_role("tab", name="Networks").click()
    written(page, "Architecture", "test_resnet")
    expect(page.get_by_text(re.compile(r"\d+ found")).first).to_be_visible(timeout=PATIENCE)
    page.locator(".st-key-models_file input[type=file]").set_input_files(checkpoint)
    page.locator(".st-key-models_data input").click()
    page.get_by_role("option", name="photographs").click()
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("It fits:")).to_be_visible(timeout=PATIENCE)
    shot(page, "own-check-1440-light")
    written(page, "Name", "mine")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("button", name="Prune it")).to_be_visible(timeout=PATIENCE)
    ready(page)
    shot(page, "own-kept-1440-light")

    page.get_by_role("button", name="Prune it").click()
    expect(page.locator("h2").first).to_contain_text("%", timeout=PATIENCE)
    expect(page.locator(".st-key-map .js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    shot(page, "own-prune-1440-light")
    name, held = taken(page, ".st-key-download", "Network, masks and card (zip)")
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        archive.extractall(tmp_path)
    assert (
        name.startswith("own_mine-") and "Outputs: 3 classes: leaf, sand, sea." in (tmp_path / "README.md").read_text()
    )
    command = [sys.executable, "-I", "-c", LOADS, str(tmp_path / "model.pth")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    zeros, weights = map(int, done.stdout.split())
    assert zeros == round(0.8 * weights)

    words = "?v=1&model=own%3Amine&sparsity=50"
    page.goto(f"{server.url}recover{words}&ways=one_shot&steps=100")
    page.get_by_role("button", name=re.compile("^Train 1 strategy")).click()
    expect(page.locator("h2").first).to_contain_text("mine with 50 % of its weights gone recovers to", timeout=PATIENCE)
    ready(page)
    shot(page, "own-recover-1440-light")

    page.goto(f"{server.url}quantization?v=1&model=own%3Amine&bits=8")
    expect(page.locator("h2").first).to_contain_text("mine with 8-bit weights gets", timeout=PATIENCE)
    page.goto(f"{server.url}compare?v=1&model=own%3Amine")
    expect(page.locator("h2").first).to_contain_text("mine: what makes it smaller, and at what", timeout=PATIENCE)
    expect(page.get_by_role("button", name=re.compile(r"^Measure \d+ ways \(about "))).to_be_enabled()
    ready(page)
