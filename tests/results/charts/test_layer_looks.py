"""The closer looks at one layer, the file sizes, and the images that flipped."""

from __future__ import annotations

import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pruning.common.errors import BadValue
from pruning.results.charts.channel_density import channel_density
from pruning.results.charts.flips import flips
from pruning.results.charts.mask_image import mask_image
from pruning.results.charts.size_bars import size, size_bars
from pruning.results.charts.weight_histogram import weight_histogram


def words(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_mask_is_shown_as_given_with_the_first_output_on_top() -> None:
    mask = np.zeros((4, 18), np.uint8)
    mask[1, 2] = mask[3] = 255
    chart = mask_image(mask, "conv", (4, 2, 3, 3), sampled=False)
    figure = chart.figure()
    np.testing.assert_array_equal(figure.data[0].z, mask)
    assert (figure.data[0].zmin, figure.data[0].zmax) == (0, 255)
    assert list(figure.layout.yaxis.range) == [3.5, -0.5]
    assert words(chart.title) == "conv keeps 26.4 % of its 72 weights; 2 of 4 rows are empty"
    assert "2 x 3 x 3" in figure.layout.xaxis.title.text
    assert chart.table.query("row == 1 and column == 2")["kept_percent"].item() == 100
    assert len(chart.table) == 72


def test_a_sampled_mask_keeps_channel_numbers_and_a_short_table() -> None:
    chart = mask_image(np.full((512, 512), 51, np.uint8), "conv", (1024, 512, 3, 3), sampled=True)
    heat = chart.figure().data[0]
    assert (heat.y0, heat.dy) == (0.5, 2)
    assert heat.x0 + 511 * heat.dx + heat.dx / 2 == pytest.approx(4608 - 0.5)
    assert words(chart.title) == "conv keeps about 20 % of its 4,718,592 weights"
    assert len(chart.table) == 512 and set(chart.table["kept_percent"]) == {20.0}


@pytest.mark.parametrize("mask", [np.zeros((513, 2), np.uint8), np.zeros((2, 2)), np.zeros(4, np.uint8)])
def test_other_arrays_are_no_masks(mask: np.ndarray) -> None:
    with pytest.raises(BadValue, match="512"):
        mask_image(mask, "conv", (2, 2), sampled=False)


def test_channel_density_counts_and_marks_the_empty() -> None:
    density = pd.DataFrame(
        {"axis": ["input"] * 2 + ["output"] * 3, "index": [1, 0, 2, 0, 1], "density": [0.5, 1.0, 0.0, 0.25, 0.0]}
    )
    chart = channel_density(density, "conv")
    out, out_marks, ins, in_marks = chart.figure().data
    assert (list(out.x), list(out.y)) == ([0, 1, 2], [25, 0, 0])
    assert list(out_marks.x) == [1, 2] and list(in_marks.x) == [None]
    assert (list(ins.x), list(ins.y), ins.xaxis) == ([0, 1], [100, 50], "x2")
    assert chart.title == "2 of 3 output channels of conv are empty"
    assert list(chart.figure().layout.yaxis.range) == list(chart.figure().layout.yaxis2.range) == [0, 100]
    assert list(chart.table.columns) == ["layer", "axis", "channel", "kept_percent"]
    full = channel_density(density.assign(density=[0.5, 1.0, 0.2, 0.25, 0.3]), "conv")
    assert words(full.title) == "No channel of conv is empty; the sparsest output keeps 20 %"
    with pytest.raises(BadValue, match="'output' or 'input'"):
        channel_density(density.assign(axis="sideways"), "conv")


BINS = pd.DataFrame(
    {"left": [-0.2, -0.1, 0.0, 0.1], "right": [-0.1, 0.0, 0.1, 0.2], "kept": [5, 0, 0, 15], "removed": [0, 30, 50, 0]}
)


def test_histogram_stacks_kept_on_removed_and_marks_the_threshold_on_both_sides() -> None:
    chart = weight_histogram(BINS, "conv", 0.1, score_is_magnitude=True)
    figure = chart.figure()
    removed, kept = figure.data
    assert (list(removed.y), list(kept.y)) == ([0, 30, 50, 0], [5, 0, 0, 15])
    assert removed.marker.color != kept.marker.color and removed.marker.pattern.shape != kept.marker.pattern.shape
    assert figure.layout.barmode == "stack"
    assert sorted(s.x0 for s in figure.layout.shapes if s.name == "threshold") == [-0.1, 0.1]
    assert words(chart.title) == "conv loses the 80 % of its weights that lie within ±0.1"
    assert list(chart.table.columns) == ["left", "right", "kept_count", "removed_count"]


def test_histogram_of_another_criterion_has_no_threshold_and_stands_still() -> None:
    chart = weight_histogram(BINS, "conv", 0.1, score_is_magnitude=False)
    assert not chart.figure().layout.shapes
    assert words(chart.title) == "conv loses 80 % of its weights; 0 % of these are larger than the median kept one"
    swapped = weight_histogram(BINS.assign(kept=BINS["removed"], removed=BINS["kept"]), "conv", None, False)
    assert swapped.figure().layout.yaxis == chart.figure().layout.yaxis
    assert "100 % of these are larger" in words(swapped.title)


SIZES = pd.DataFrame(
    {"form": ["dense file", "pruned, plain", "pruned, zstd"], "bytes": [1_104_000, 1_104_100, 173_400]}
)


def test_sizes_say_that_zeros_alone_save_nothing() -> None:
    chart = size_bars(SIZES, SIZES.iloc[::-1].assign(bytes=[1, 2, 3]))
    assert words(chart.title) == "Zeros alone save nothing: 1,104 kB before and after; pruned, zstd 173 kB (84 % less)"
    bars, pinned = chart.figure().data
    assert list(bars.x) == [1104, 1104.1, 173.4]
    assert list(pinned.x) == [0.003, 0.002, 0.001]  # matched by form, not by row
    notes = [words(note.text) for note in chart.figure().layout.annotations if note.name == "size"]
    assert notes == ["1,104 kB", "1,104 kB", "173 kB"]
    assert list(chart.table.columns) == ["form", "size_bytes", "pinned_size_bytes"]
    assert bars.marker.color[0] != bars.marker.color[1] == bars.marker.color[2]


def test_sizes_name_the_best_form_when_the_plain_file_did_shrink() -> None:
    chart = size_bars(SIZES.assign(bytes=[1_104_000, 500_000, 173_400]))
    assert words(chart.title) == "From 1,104 kB dense to pruned, zstd 173 kB (84 % less)"
    with pytest.raises(BadValue, match="No file size"):
        size_bars(SIZES.iloc[:0])


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1000, "1.0 kB"), (255_400, "255 kB"), (9_999_999, "10,000 kB"), (46_800_000, "46.8 MB")],
)
def test_bytes_are_in_decimal_units(count: int, said: str) -> None:
    assert words(size(count)) == said


def flip_table(count: int) -> pd.DataFrame:
    rows = [(7 + at, "Coat", "Coat", 0.71, "Shirt", 0.55) for at in range(count)]
    columns = ["position", "label", "before", "before_confidence", "after", "after_confidence"]
    return pd.DataFrame(rows, columns=columns)


def decoded(source: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))))


@pytest.mark.parametrize("shape", [(28, 28), (32, 24, 3)])
def test_flips_show_the_very_pixels(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    figure = flips(images, flip_table(3)).figure()
    assert len(figure.layout.images) == 3
    for image, picture in zip(images, figure.layout.images, strict=True):
        pixels = decoded(picture.source)
        times = pixels.shape[0] // shape[0]
        np.testing.assert_array_equal(pixels[::times, ::times], image)


def test_flips_say_truth_and_both_answers_with_signs() -> None:
    table = flip_table(3)
    table.loc[1, ["before", "after"]] = ["Shirt", "Coat"]
    table.loc[2, ["before", "after"]] = ["Bag", "Dress"]
    chart = flips(np.zeros((3, 8, 8), np.uint8), table)
    captions = [words(note.text) for note in chart.figure().layout.annotations if note.name == "caption"]
    assert captions[0] == "<b>Coat</b><br>✓ Coat<br>→ ✗ Shirt<br>71 % → 55 %"
    assert captions[1].startswith("<b>Coat</b><br>✗ Shirt<br>→ ✓ Coat")
    assert chart.title == "These 3 images changed class: 1 lost (✓ to ✗), 1 gained (✗ to ✓), 1 wrong in another way"
    assert list(chart.table["before_confidence_percent"]) == [71, 71, 71]


def test_flips_show_twelve_at_most_and_none_without_failing() -> None:
    assert len(flips(np.zeros((20, 8, 8), np.uint8), flip_table(20)).figure().layout.images) == 12
    empty = flips(np.zeros((0, 8, 8), np.uint8), flip_table(0))
    assert empty.title == "No image changed its class" and not empty.figure().layout.images
    with pytest.raises(BadValue, match="do not fit"):
        flips(np.zeros((2, 8, 8), np.uint8), flip_table(3))
