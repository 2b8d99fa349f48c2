"""Every package that requirements.txt leads to stands in requirements.lock, by one version and with hashes."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pruning.common.environment import ROOT

LEFT_OUT = {"torch", "torchvision"}
"""Their builds for the CPU lie on an index of their own."""


def pinned() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    found = [re.fullmatch(r"([\w.-]+)(?:\[[\w,]+\])?==(\S+)", line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def locked() -> dict[str, list[tuple[str, int]]]:
    """Versions (one for each environment that a marker names) and how many hashes each has."""
    found: dict[str, list[tuple[str, int]]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip()):
        name, number = re.match(r"([\w.-]+)==([^\s;]+)", block).groups()  # type: ignore[union-attr]
        found.setdefault(canonicalize_name(name), []).append(
            (number, len(re.findall(r"--hash=sha256:[0-9a-f]{64}\b", block)))
        )
    return found


def test_each_pinned_package_is_locked_in_the_same_version_with_hashes() -> None:
    lock = locked()
    assert {name: number for name, number in pinned().items() if name not in LEFT_OUT} == {
        name: lock[name][0][0] if name in lock else "not locked: make lock" for name in pinned().keys() - LEFT_OUT
    }
    assert all(hashes for versions in lock.values() for _, hashes in versions) and not LEFT_OUT & set(lock)


def test_all_that_they_need_is_locked_in_the_versions_that_are_tested() -> None:
    lock, waiting, seen = locked(), [*pinned()], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen or name.startswith(("nvidia-", "cuda-", "triton")):
            continue
        seen.add(name)
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        waiting += [
            canonicalize_name(one.name)
            for one in map(Requirement, needs)
            if one.marker is None or one.marker.evaluate({"extra": ""})
        ]
    lacking = {name for name in seen - LEFT_OUT if name not in lock}
    assert not lacking, f"not in requirements.lock: {sorted(lacking)}"
    other = {name for name in seen - LEFT_OUT if version(name) not in {number for number, _ in lock[name]}}
    assert not other, f"installed in other versions: {sorted(other)}"


def test_what_is_installed_is_bound_by_the_lock() -> None:
    """A fresh machine of tomorrow gets the versions of today, whatever was released meanwhile."""
    said = subprocess.run(["bash", ".ci/constraints"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    bound = [Requirement(line) for line in said.splitlines()]
    known = locked()
    assert {canonicalize_name(one.name) for one in bound} == set(known) - set(pinned())
    for one in bound:
        (only,) = one.specifier
        assert only.operator == "==" and only.version in {number for number, _ in known[canonicalize_name(one.name)]}
