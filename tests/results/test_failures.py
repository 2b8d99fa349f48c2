"""Failure statistics equal SciPy, scikit-learn or a brute force; intervals cover; empty where nothing differs."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import log_softmax
from sklearn.metrics import confusion_matrix, log_loss, precision_score, recall_score, roc_auc_score

from pruning.common.bits import array_of, text_of
from pruning.common.errors import BadValue
from pruning.results.failures import calibration
from pruning.results.failures.answers import Answers, paired
from pruning.results.failures.candidates import of_classes, of_classes_of_many, of_confidence, of_groups
from pruning.results.failures.classes import class_table, class_table_of_many, confusions, points, who_pays
from pruning.results.failures.exemplars import exemplars, modal
from pruning.results.failures.groups import group_table, quarters
from pruning.results.failures.reasons import relation
from pruning.results.failures.severities import prune_potential, relative_damage, severity_table
from pruning.results.failures.shifts import beyond, holm, needed, welch
from pruning.results.failures.unknown import auroc, unknown_table
from pruning.results.failures.watch import watch_list


def network(rng: np.random.Generator, labels: np.ndarray, classes: int = 5, hit: float = 2.0) -> Answers:
    logits = rng.normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += hit
    chances = log_softmax(logits, axis=1)
    return Answers(labels, chances.argmax(1), chances, np.log(np.exp(logits).sum(1)))


@pytest.fixture
def two() -> tuple[Answers, Answers]:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 5, 1200)
    return network(rng, labels), network(rng, labels, hit=1.5)


def damaged(rng: np.random.Generator, dense: Answers, label: int, share: float) -> Answers:
    """The dense network's answers, some of one class's made wrong."""
    answers = dense.answers.copy()
    hit = (dense.labels == label) & (rng.random(len(answers)) < share)
    answers[hit] = (label + 1) % 5
    return Answers(dense.labels, answers, dense.chances, dense.energies)


@given(st.sampled_from(["uint8", "uint16", "float16", "float32"]), st.integers(0, 30), st.integers(1, 4))
def test_an_array_comes_back_as_it_was(kind: str, rows: int, columns: int) -> None:
    values = np.random.default_rng(rows).integers(0, 200, (rows, columns)).astype(kind)
    back = array_of(text_of(values), kind, rows, columns)
    assert back.dtype == values.dtype and np.array_equal(back, values)
    assert json.loads(json.dumps(text_of(values))) == text_of(values)


def test_classes_as_scikit_learn_counts_them(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    table = class_table(dense, small).set_index("label").sort_index()
    for one, end in ((dense, "_dense"), (small, "")):
        about = {"y_true": one.labels, "y_pred": one.answers, "average": None}
        np.testing.assert_allclose(table[f"recall{end}"], recall_score(**about))
        np.testing.assert_allclose(table[f"precision{end}"], precision_score(**about))
        np.testing.assert_allclose(table[f"share{end}"], np.bincount(one.answers, minlength=5) / 1200)
    for label, row in table.iterrows():
        mine = dense.labels == label
        moved = small.right.astype(int) - dense.right.astype(int)
        assert row["beyond"] == pytest.approx(moved[mine].mean() - moved.mean())
        assert row["low"] < row["shift"] < row["high"] and row["beyond_low"] < row["beyond"] < row["beyond_high"]
    assert list(class_table(dense, small)["shift"]) == sorted(table["shift"])


def test_confusions_are_differences_of_confusion_matrices(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    old, new = (confusion_matrix(one.labels, one.answers) for one in two)
    table = confusions(dense, small, most=100)
    grown = {(a, b): new[a, b] - old[a, b] for a in range(5) for b in range(5) if a != b and new[a, b] > old[a, b]}
    assert {(row.label, row.answer): row.grown for row in table.itertuples()} == grown
    assert list(table["grown"]) == sorted(grown.values(), reverse=True)


def test_calibration_by_ten_lines_and_by_scikit_learn(two: tuple[Answers, Answers]) -> None:
    one = two[0]
    sure, right = one.confidence, one.right
    wide = sum(
        abs(right[inside].sum() - sure[inside].sum())
        for low in np.arange(15) / 15
        if (inside := (sure > low) & (sure <= low + 1 / 15)).any()
    )
    assert calibration.calibration_error(sure, right) == pytest.approx(wide / 1200)
    order = np.argsort(sure, kind="stable").reshape(15, 80)
    mass = np.abs(right[order].mean(1) - sure[order].mean(1)).mean()
    assert calibration.calibration_error(sure, right, "mass") == pytest.approx(mass)
    chances = np.exp(one.log_chances)
    assert calibration.likelihood(one) == pytest.approx(log_loss(one.labels, chances))
    assert calibration.brier(one) == pytest.approx(((chances - np.eye(5)[one.labels]) ** 2).sum(1).mean())


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(true: float) -> None:
    rng = np.random.default_rng(0)
    honest = log_softmax(2 * rng.normal(size=(20_000, 5)), axis=1)
    labels = np.array([rng.choice(5, p=np.exp(row)) for row in honest])
    answers = Answers(labels, honest.argmax(1), log_softmax(true * honest, axis=1), None)
    found = calibration.temperature(answers)
    assert found == pytest.approx(true, rel=0.06)
    steps = found * np.array([0.9, 1.0, 1.1])
    assert np.argmin([calibration.likelihood(calibration.cooled(answers, by)) for by in steps]) == 1
    assert np.array_equal(calibration.cooled(answers, found).answers, answers.answers)


def test_how_far_answers_moved(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    found = calibration.moved(dense, small)
    kl = stats.entropy(np.exp(dense.log_chances), np.exp(small.log_chances), axis=1).mean()
    assert found["kl"] == pytest.approx(kl)
    assert found["changed"] == pytest.approx(found["lost"] + found["gained"] + found["same"])
    assert found["gained"] - found["lost"] == pytest.approx(small.right.mean() - dense.right.mean())


def test_auroc_is_scikit_learns_and_its_interval_covers() -> None:
    rng = np.random.default_rng(5)
    known, unknown = np.round(rng.normal(1, 1, 300), 1), np.round(rng.normal(0, 1, 200), 1)  # with ties
    area, low, high = auroc(known, unknown)
    assert area == pytest.approx(roc_auc_score([1] * 300 + [0] * 200, np.concatenate([known, unknown])))
    truth, inside = stats.norm.cdf(1 / 2**0.5), 0
    for _ in range(400):
        _, low, high = auroc(rng.normal(1, 1, 120), rng.normal(0, 1, 80))
        inside += low <= truth <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_unknown_inputs_of_each_network(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    other = network(np.random.default_rng(9), np.zeros(300, dtype=int), hit=0.0)
    table = unknown_table({"dense": dense, "small": small}, {"noise": {"dense": other, "small": other}})
    assert list(table["score"]) == ["confidence", "energy"] * 2
    assert (table["sure"] == (other.confidence >= 0.9).mean()).all() and (table["count"] == 300).all()


def test_holm_is_the_closed_procedure() -> None:
    p = np.array([0.012, 0.9, 0.001, 0.04, 0.012])
    order = sorted(range(5), key=lambda i: p[i])
    expected = [0.0] * 5
    for rank, place in enumerate(order):
        expected[place] = min(1.0, max([(5 - rank) * p[place], *(expected[one] for one in order[:rank])]))
    np.testing.assert_allclose(holm(p), expected)
    assert holm([]).tolist() == []


@pytest.mark.parametrize(("lost", "gained", "n"), [(0.02, 0.02, 200), (0.06, 0.02, 100), (0.3, 0.1, 50)])
def test_the_interval_of_a_part_beyond_the_whole_covers(lost: float, gained: float, n: int) -> None:
    rng, inside = np.random.default_rng(n), 0
    for _ in range(500):
        part, rest = (rng.choice((-1, 1, 0), size, p=(lost, gained, 1 - lost - gained)) for size in (n, 9 * n))
        found = beyond(part, rest)
        inside += found.low <= 0.0 <= found.high
    assert 0.93 <= inside / 500 <= 1.0


def test_welch_is_scipys_and_networks_without_spread_are_told() -> None:
    rng = np.random.default_rng(1)
    before, after = rng.normal(0.9, 0.01, 8), rng.normal(0.88, 0.03, 12)
    found, expected = welch(before, after), stats.ttest_ind(after, before, equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert welch(np.ones(3), np.ones(3)).p_value == 1 and welch(np.ones(3), np.zeros(3)).p_value == 0
    with pytest.raises(BadValue, match="at least two networks"):
        welch(np.ones(1), np.ones(3))


def test_the_count_of_a_monitor_has_the_power_it_says() -> None:
    n, rng = needed(0.9, 0.85), np.random.default_rng(2)
    assert n is not None
    old, new = rng.binomial(n, 0.9, 4000) / n, rng.binomial(n, 0.85, 4000) / n
    z = (old - new) / np.sqrt((old * (1 - old) + new * (1 - new)) / n)
    assert 0.77 <= (np.abs(z) > 1.96).mean() <= 0.83
    assert needed(0.9, 0.9) is None


def test_exemplars_by_counting() -> None:
    assert modal(np.array([[0, 2, 1], [0, 1, 2], [1, 2, 1]])).tolist() == [0, 2, 1]
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 5, 400)
    dense = [network(rng, labels, hit=3.0) for _ in range(6)]
    hard = np.arange(400) < 40
    small = [Answers(labels, np.where(hard, (labels + 1) % 5, one.answers)) for one in dense]
    found = exemplars(dense, small)
    assert found.which[40:].sum() == 0 and found.share == pytest.approx(found.which.mean())
    np.testing.assert_allclose(found.dense_on, [one.right[found.which].mean() for one in dense])
    assert found.gap is not None and found.gap.value == pytest.approx(found.dense_on.mean() - found.dense_off.mean())
    none = exemplars(dense, dense)
    assert none.share == 0 and none.gap is None


def test_groups_and_their_gaps(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    groups = quarters(np.arange(1200.0))
    assert [int((groups == group).sum()) for group in sorted(set(groups))] == [300] * 4
    groups[:10] = "few"
    table = group_table(groups, dense, small).set_index("group")
    moved = small.right.astype(int) - dense.right.astype(int)
    for group, row in table.iterrows():
        mine = groups == group
        assert row["gap_change"] == pytest.approx(moved[mine].mean() - moved.mean())
        matrix = confusion_matrix(small.labels[mine], small.answers[mine], labels=range(5))
        hits, said, real = np.diag(matrix), matrix.sum(0), matrix.sum(1)
        seen = real + said > 0
        assert row["miss"] == pytest.approx((1 - hits[real > 0] / real[real > 0]).mean())
        assert row["alarm"] == pytest.approx(((said - hits) / (real.sum() - real))[seen].mean())
    assert table.loc["few", "small"] and np.isnan(table.loc["few", "p_holm"]) and list(table.index)[-1] == "few"
    with pytest.raises(BadValue, match="groups for 5 examples"):
        group_table(groups[:5], dense, small)


def test_severities_and_the_prune_potential(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    table = severity_table({("noise", 1): (dense, small), ("", 0): (dense, dense)})
    assert list(table["severity"]) == [0, 1] and table["shift"].iloc[0] == 0
    damage = relative_damage(table)
    assert damage["beyond"].iloc[0] == pytest.approx(small.right.mean() - dense.right.mean())
    assert prune_potential({100: 0.9, 200: 0.85, 300: 0.9}, 0.9) == 100 and prune_potential({100: 0.1}, 0.9) == 0
    assert prune_potential({500: 0.895}, 0.9) == 500


def test_relations_are_spearmans_and_cover() -> None:
    rng, inside = np.random.default_rng(8), 0
    for _ in range(400):
        x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 40).T
        found = relation(x, y)
        inside += found.low <= 6 / np.pi * np.arcsin(0.25) <= found.high
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic) and 0.92 <= inside / 400 <= 0.98
    with pytest.raises(BadValue, match="at least five"):
        relation(np.ones(9), np.arange(9.0))


def lists(dense: list[Answers], small: list[Answers], groups: np.ndarray) -> list[list]:
    return [
        [*of_classes(a, b, str), *of_groups({"half": groups}, a, b), *of_confidence(a, b)]
        for a, b in zip(dense, small, strict=True)
    ]


def test_swapped_answers_give_an_empty_list_and_damage_gives_a_line() -> None:
    rng, empty = np.random.default_rng(11), 0
    labels = rng.integers(0, 5, 1500)
    groups = np.where(np.arange(1500) % 2, "odd", "even")
    dense = [network(rng, labels) for _ in range(2)]
    small = [damaged(rng, network(rng, labels), 2, 0.3) for _ in range(2)]
    found = watch_list(*lists(dense, small, groups), counts=(1500, 1500))
    assert [line.what for line in found.lines][0] == "recall of 2"
    for _ in range(100):
        mixed: list[tuple[Answers, Answers]] = []
        for a, b in zip(dense, small, strict=True):
            swap = rng.random(1500) < 0.5
            parts = [(x.answers, x.chances) for x in (a, b)]
            new = [
                Answers(
                    labels,
                    np.where(swap, other[0], own[0]),
                    np.where(swap[:, None], other[1], own[1]),
                    a.energies,
                )
                for own, other in (parts, parts[::-1])
            ]
            mixed.append((new[0], new[1]))
        empty += not watch_list(*lists(*map(list, zip(*mixed, strict=True)), groups)).lines
    assert empty >= 95


def test_dense_seeds_in_two_halves_give_an_empty_list() -> None:
    rng, empty = np.random.default_rng(12), 0
    labels = [rng.integers(0, 5, 600) for _ in range(2)]
    networks = [[network(rng, one, hit=2 + 0.1 * rng.normal()) for one in labels] for _ in range(12)]
    for _ in range(100):
        order = rng.permutation(12)
        halves = [[networks[i] for i in order[:6]], [networks[i] for i in order[6:]]]
        splits = [of_classes_of_many(*[[one[at] for one in half] for half in halves], str) for at in range(2)]
        empty += not watch_list(*splits, networks=6).lines
    assert empty >= 95
    worse = [[damaged(rng, a, 3, 0.4) for a in one] for one in networks]
    splits = [of_classes_of_many([one[at] for one in networks], [one[at] for one in worse], str) for at in range(2)]
    assert [line.what for line in watch_list(*splits, networks=12).lines] == ["recall of 3"]
    table = class_table_of_many([one[0] for one in networks], [one[0] for one in worse])
    assert table["label"].iloc[0] == 3 and table["p_holm"].iloc[0] < 0.001


def test_a_list_is_said_and_exported() -> None:
    rng = np.random.default_rng(13)
    labels = rng.integers(0, 5, 2000)
    dense = [network(rng, labels) for _ in range(2)]
    small = [damaged(rng, one, 1, 0.2) for one in dense]
    found = watch_list(*(of_classes(a, b, str) for a, b in zip(dense, small, strict=True)), counts=(2000, 2000))
    (line,) = found.lines
    content = json.loads(found.json("ResNet"))
    assert content["lines"][0]["what"] == "recall of 1" and content["title"] == "ResNet"
    assert line.after < line.threshold < line.before and line.examples == needed(line.before, line.after)
    assert line.sentence() in found.text("ResNet") and points(line.moved) in line.sentence()
    assert "this file, not of the method" in found.text("ResNet")
    nothing = watch_list(*([one for one in of_classes(dense[0], dense[0], str)] for _ in range(2)))
    assert nothing.lines == () and "Nothing stands out" in nothing.text("x")


@given(st.integers(0, 3), st.floats(0.0, 0.6))
def test_the_sentence_of_who_pays_is_its_table(label: int, share: float) -> None:
    rng = np.random.default_rng(label)
    labels = rng.integers(0, 5, 800)
    dense = network(rng, labels)
    small = damaged(rng, dense, label, share)
    table = class_table(dense, small)
    whole = float(small.right.mean() - dense.right.mean())
    said = who_pays(table, "class {}".format, whole)
    paying = table[(table["p_holm"] < 0.05) & (table["beyond"] < 0)]
    assert points(whole) in said
    if len(paying):
        assert said.startswith(f"class {int(paying.iloc[0]['label'])} pays: {points(paying.iloc[0]['shift'])}")
    else:
        assert said.startswith("No class pays more")


def test_networks_must_have_seen_the_same_examples(two: tuple[Answers, Answers]) -> None:
    dense, small = two
    assert len(paired(dense, small.first(100))[0]) == 100
    with pytest.raises(BadValue, match="the labels differ"):
        paired(dense, Answers(1 - small.labels, small.answers))
    with pytest.raises(BadValue, match="only classes were kept"):
        _ = Answers(small.labels, small.answers).confidence
