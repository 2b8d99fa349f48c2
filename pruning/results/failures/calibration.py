"""Is a network as right as it is sure? Calibration, before and after one temperature, and how far answers moved."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from pruning.results.failures.answers import Answers, paired

BINS = 15
"""Bins of confidence (Guo et al. 2017)."""
Binning = Literal["width", "mass"]


def bins_of(confidence: np.ndarray, right: np.ndarray, binning: Binning = "width", bins: int = BINS) -> pd.DataFrame:
    """Examples by their confidence: ``confidence`` and ``accuracy`` (means, 0..1) and ``count`` of each bin that holds
    any.

    Args:
        binning: bins of equal width between 0 and 1 (upper ends belong to them), or of equally many examples.
    """
    if binning == "width":
        place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    else:
        place = np.empty(len(confidence), dtype=int)
        place[np.argsort(confidence, kind="stable")] = np.arange(len(confidence)) * bins // max(1, len(confidence))
    table = pd.DataFrame({"place": place, "confidence": confidence, "accuracy": right.astype(float), "count": 1})
    found = table.groupby("place").agg({"confidence": "mean", "accuracy": "mean", "count": "sum"})
    return found.reset_index(drop=True)


def calibration_error(confidence: np.ndarray, right: np.ndarray, binning: Binning = "width", bins: int = BINS) -> float:
    """The expected calibration error: the mean over examples of how far their bin's accuracy is from its confidence."""
    table = bins_of(confidence, right, binning, bins)
    return float((table["count"] * (table["accuracy"] - table["confidence"]).abs()).sum() / table["count"].sum())


def brier(answers: Answers) -> float:
    """Mean over examples of the summed squared distance between chances and the right class (Brier 1950); 0 to 2."""
    chances = np.exp(answers.log_chances)
    chances[np.arange(len(answers)), answers.labels] -= 1
    return float((chances**2).sum(1).mean())


def likelihood(answers: Answers) -> float:
    """Mean negative log-likelihood of the right class, in nats."""
    return float(-answers.log_chances[np.arange(len(answers)), answers.labels].mean())


def temperature(validation: Answers) -> float:
    """The temperature that makes the negative log-likelihood of validation examples least (Guo et al. 2017)."""
    chances, rows, labels = validation.log_chances, np.arange(len(validation)), validation.labels

    def loss(log_t: float) -> float:
        return float(-log_softmax(chances / np.exp(log_t), axis=1)[rows, labels].mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-4}).x))


def cooled(answers: Answers, by: float) -> Answers:
    """The same answers with the logits divided by a temperature. (Energies stay those of temperature 1.)"""
    return Answers(answers.labels, answers.answers, log_softmax(answers.log_chances / by, axis=1), answers.energies)


def calibration_table(networks: dict[str, tuple[Answers, Answers | None]]) -> pd.DataFrame:
    """A row for each network: ``network``, ``scaled`` (by a temperature), ``temperature``, ``accuracy``,
    ``confidence``, ``ece_width``, ``ece_mass``, ``brier``, ``nll``.

    Args:
        networks: by name, test answers and those on validation, which give the temperature; without them none does.
    """
    rows = []
    for name, (test, validation) in networks.items():
        found = [(test, 1.0)]
        if validation is not None:
            by = temperature(validation)
            found.append((cooled(test, by), by))
        for one, by in found:
            sure = one.confidence
            errors = (calibration_error(sure, one.right, binning) for binning in ("width", "mass"))
            means = (float(one.right.mean()), float(sure.mean()))
            rows.append((name, one is not test, by, *means, *errors, brier(one), likelihood(one)))
    names = ("network", "scaled", "temperature", "accuracy", "confidence", "ece_width", "ece_mass", "brier", "nll")
    return pd.DataFrame(rows, columns=list(names))


def moved(dense: Answers, small: Answers) -> dict[str, float]:
    """How far answers moved: ``changed`` (share of answers that differ), ``lost`` and ``gained`` (shares), ``same``
    (those that changed without a change of right and wrong), ``kl`` (mean KL divergence from dense to small, nats)."""
    dense, small = paired(dense, small)
    changed = dense.answers != small.answers
    lost, gained = dense.right & ~small.right, ~dense.right & small.right
    said = np.exp(dense.log_chances)
    kl = (said * (dense.log_chances - small.log_chances)).sum(1).mean()
    shares = {"changed": changed, "lost": lost, "gained": gained, "same": changed & ~lost & ~gained}
    return {name: float(mask.mean()) for name, mask in shares.items()} | {"kl": float(kl)}
