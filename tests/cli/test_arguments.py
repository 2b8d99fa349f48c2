"""What is typed becomes exactly one study, or one sentence."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pruning.cli import arguments
from pruning.cli.parser import parser
from pruning.common.errors import BadValue
from pruning.criteria.kinds import scorers


@pytest.mark.parametrize(
    ("text", "per_mille"),
    [
        ("0.8", 800),
        ("80%", 800),
        ("80", 800),
        ("80 %", 800),
        (".8", 800),
        ("0.80", 800),
        ("80.0%", 800),
        ("0.999", 999),
        ("99.9%", 999),
        ("0.001", 1),
        ("0.1%", 1),
        ("0", 0),
        ("0.0", 0),
        ("0%", 0),
        ("1%", 10),
        ("1.7%", 17),
        ("2", 20),
        ("100", 1000),
        ("100%", 1000),
        ("1.0", 1000),
        ("0.5%", 5),
    ],
)
def test_one_level(text: str, per_mille: int) -> None:
    assert arguments.level(text) == per_mille


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("1.7", "write 1.7% or 0.017"),
        ("97.5", "write 97.5% or 0.975"),
        ("1", "write 1% or 100%"),
        ("101", "write 0% to 100%"),
        ("100.1%", "write 0% to 100%"),
        ("250.5", "write 0 to 1, or 0% to 100%"),
        ("0.9995", "steps of 0.1 %"),
        ("99.95%", "write 99.9%"),
        ("0.9995", "write 99.9%"),
        ("0.9999", "write 99.9%"),
        ("0.0004", "write 0.1%"),
        ("0.04%", "write 0.1%"),
        ("97.55", "write 97.6% or 0.976"),
        ("99.97", "write 99.9% or 0.999"),
        ("1.04", "write 1% or 0.01"),
        ("-5", "such as 0.8"),
        ("-0.5", "such as 0.8"),
        ("nan", "such as 0.8"),
        ("1e-1", "such as 0.8"),
        ("", "such as 0.8"),
        (".", "such as 0.8"),
        ("80%%", "such as 0.8"),
        ("٨٠", "such as 0.8"),
    ],
)
def test_a_refused_level_says_what_would_be_right(text: str, right: str) -> None:
    with pytest.raises(BadValue, match=right.replace(".", r"\.")) as error:
        arguments.level(text)
    assert str(error.value).count("\n") == 0


@given(st.integers(0, 1000))
def test_every_level_can_be_written_as_share_and_as_percentage(per_mille: int) -> None:
    assert arguments.level(f"{per_mille / 1000:.3f}") == per_mille
    assert arguments.level(f"{per_mille / 10:.1f}%") == per_mille
    assert arguments.level(f"{per_mille / 10:g}%") == per_mille


def test_several_levels_keep_their_order_and_count_once() -> None:
    assert arguments.levels("0.9,80%,90, 99.9%") == [900, 800, 999]


@pytest.mark.parametrize(
    ("text", "one", "two"),
    [
        ("0,8", "0.8", "0%,8%"),
        ("0,95", "0.95", "0%,95%"),
        ("0,5%", "0.5%", "0%,5%"),
        ("97,5%", "97.5%", "97%,5%"),
        ("97,5 %", "97.5%", "97%,5%"),
        ("97,5", "97.5%", "97%,5%"),
        ("1,7", "1.7%", "1%,7%"),
        ("0.5,97,5%", "97.5%", "97%,5%"),
        ("97,5%,98,5%", "97.5%", "97%,5%"),
        ("0,50,90", "0.50", "0%,50%"),
    ],
)
def test_a_comma_that_may_be_decimal_is_refused(text: str, one: str, two: str) -> None:
    with pytest.raises(BadValue, match=f"write {one} for one, or {two} for two".replace(".", r"\.")):
        arguments.levels(text)
    assert len(arguments.levels(one)) == 1 and len(arguments.levels(two)) == 2


@pytest.mark.parametrize(
    ("text", "levels"),
    [("50,80", [500, 800]), ("0%,5", [0, 50]), ("0, 8", [0, 80]), ("0.5,80,90%", [500, 800, 900]), ("0.0,5%", [0, 50])],
)
def test_commas_between_levels_are_still_commas(text: str, levels: list[int]) -> None:
    assert arguments.levels(text) == levels


@given(st.decimals(0, 1200, places=4, allow_nan=False), st.sampled_from(["", "%"]))
def test_what_a_refusal_tells_to_write_is_accepted(number: Any, sign: str) -> None:
    text = f"{number:f}".rstrip("0").rstrip(".") + sign
    try:
        arguments.level(text)
    except BadValue as error:
        told = str(error).split("write ", 1)[1]
        offered = re.findall(r"[0-9.]*[0-9]%?", told)
        assert offered
        for one in offered:
            level = arguments.level(one) if one != "1" else 1000
            whole = number > 1 if not sign else number > 100
            assert level not in (0, 1000) or number == 0 or whole, (text, one)


def asked(*extra: str) -> Any:
    return arguments.study_of(parser().parse_args(["prune", "--model", "lenet_5", "--sparsity", "0.5", *extra]))


def test_the_study_says_what_was_asked() -> None:
    study = asked(
        "--scorer",
        "random",
        "--allocation",
        "uniform",
        "--seed",
        "3",
        "--model-seed",
        "2",
        "--split",
        "validation",
        "--count",
        "700",
        "--recalibrate",
    )
    (cell,) = study.cells()
    assert (cell.base.model, cell.base.seed, cell.base.device) == ("lenet_5", 2, "cpu")
    prune, recalibrate = cell.recipe
    assert (prune.scorer, prune.allocation, prune.seed, prune.sparsity) == ("random", "uniform", 3, 500)
    assert recalibrate.kind == "recalibrate"
    assert study.measures[0].options == {"split": "validation", "count": 700}


def test_one_cell_for_each_level() -> None:
    study = asked("--sparsity", "0.5,90%,99.9%")
    assert [cell.recipe[0].sparsity for cell in study.cells()] == [500, 900, 999]


def test_values_equal_to_the_default_change_no_name() -> None:
    plain = asked("--scorer", "gradient_x_weight")
    assert asked("--scorer", "gradient_x_weight", "--option", "samples=1000", "--count", "10000").key == plain.key
    other = asked("--scorer", "gradient_x_weight", "--option", "samples=500")
    assert other.recipe[0].options == {"samples": 500}
    assert other.key != plain.key


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["--scorer", "magnitud_l1"], "no scorer 'magnitud_l1'. Did you mean 'magnitude_l1'?"),
        (["--model", "lenet5"], "Did you mean 'lenet_5'?"),
        (["--granularity", "wieght"], "Did you mean 'weight'?"),
        (["--allocation", "globl"], "Did you mean 'global'?"),
        (["--data", "fashion-mnist"], "Did you mean 'fashion_mnist'?"),
        (["--sparsity", "1.7"], "write 1.7% or 0.017."),
        (["--sparsity", "0.5,"], "such as 0.8"),
        (["--scorer", "gradient_x_weight", "--option", "sample=500"], "Did you mean 'samples'?"),
        (["--scorer", "gradient_x_weight", "--option", "samples=5"], "greater than or equal to 10 (given: '5')"),
        (["--scorer", "gradient_x_weight", "--option", "samples"], "written name=value, not 'samples'"),
        (["--option", "samples=500"], "option of scorer 'magnitude_l1'"),
        (["--device", "gpu"], "write cpu, cuda, cuda:0 or mps"),
        (["--count", "0"], "greater than or equal to 1"),
        (["--count", "many"], "count: input should be a valid integer"),
        (["--split", "dev"], "'train', 'validation' or 'test'"),
        (["--seed", "x"], "--seed: invalid int value"),
        (["--seed", "-1"], "greater than or equal to 0"),
        (["--model-seed", "-1"], "training seeds 0, 1, 2, not -1"),
        (["--model-seed", "77"], "training seeds 0, 1, 2, not 77"),
        (["--scorr", "random"], "unrecognized arguments: --scorr random"),
        (["--allocation", "by_hand", "--allocation-option", "shares=" + "[" * 1200], "brackets within brackets"),
        (["--allocation", "by_hand", "--allocation-option", 'shares={"fc1": "many"}'], "shares.fc1: input should be"),
        (["--scorer", "activation_mean", "--granularity", "weight"], "it cannot rank"),
        (["--sparsity", "9" * 5000], f"Sparsity {'9' * 80} is more than everything"),
        (["--seed", "9" * 5000], "invalid int value: '" + "9" * 78),
        (["--scorer", "x" * 5000], f"There is no scorer '{'x' * 80}'"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_2(cli: Callable[..., Any], argv: list[str], part: str) -> None:
    said = cli("prune", "--model", "lenet_300_100", "--sparsity", "0.8", *argv)
    assert said.code == 2
    assert said.out == ""
    assert part.lower() in said.sentence().lower()


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "not JSON"),
        ("[]", "JSON object"),
        (json.dumps({"schema_version": 2, "measures": [{"name": "accuracy"}]}), "schema version 2"),
        (json.dumps({"measures": []}), "measures"),
        (json.dumps({"measures": [{"name": "accuracyy"}]}), "Did you mean 'accuracy'?"),
        (json.dumps({"measures": [{"name": "profile"}], "sparsity": 0.8}), "sparsity"),
        (json.dumps({"measures": [{"name": "profile"}], "axes": {"3.sparsity": [1]}}), "'3.sparsity' names no step"),
        (json.dumps({"study": {"schema_version": 9}}), "schema version 9"),
    ],
)
def test_a_wrong_study_is_one_sentence(cli: Callable[..., Any], tmp_path: Any, content: str, part: str) -> None:
    (tmp_path / "study.json").write_text(content)
    said = cli("run", str(tmp_path / "study.json"))
    assert said.code == 2
    assert part in said.sentence()


def test_a_missing_study_is_named(cli: Callable[..., Any], tmp_path: Any) -> None:
    said = cli("run", str(tmp_path / "no.json"))
    assert (said.code, "no.json' cannot be read: No such file" in said.sentence()) == (2, True)


def test_every_scorer_and_option_is_in_the_help(cli: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli("prune", "--help")
    text = capsys.readouterr().out
    assert end.value.code == 0
    assert all(f"  {name}: " in text for name in scorers)
    assert all(f"{field}=" in text for name in scorers for field in scorers[name].model_fields)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("from_pipe", [False, True])
def test_a_study_is_read_as_any_shell_writes_it(
    encoding: str, from_pipe: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = asked("--sparsity", "0.5,90%")
    raw = json.dumps({"study": study.model_dump(mode="json"), "note": "× Σ"}, ensure_ascii=False).encode(encoding)
    path = tmp_path / "study.json"
    path.write_bytes(raw)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))
    assert arguments.read_study("-" if from_pipe else str(path)).key == study.key


def test_what_is_no_text_is_a_sentence(cli: Callable[..., Any], tmp_path: Any) -> None:
    (tmp_path / "study.json").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    said = cli("run", str(tmp_path / "study.json"))
    assert said.code == 2 and ("cannot be read" in said.sentence() or "not JSON" in said.sentence())
