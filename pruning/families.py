"""Pruning, quantization and distillation in the words of a beginner. No torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Approaches of one kind, in the words of a beginner: what it does to weights, shapes, file and speed, and what it
    needs of hardware and training."""

    label: str
    weights: str
    shapes: str
    file: str
    speed: str
    hardware: str
    training: str


FAMILIES = {
    "dense": Family("Dense", "as trained", "as trained", "32 bits a weight", "the measure", "any", "done before"),
    "weights": Family(
        "Pruned weights", "the least important become zero", "stay", "smaller only if zeros are left out or compressed",
        "none from zeros alone; 2:4 patterns on some GPUs", "any; sparse tensor cores for 2:4", "a short one",
    ),
    "channels": Family(
        "Pruned channels", "whole channels go, the others stay", "smaller", "smaller, an ordinary file",
        "faster wherever it runs", "any", "a short one",
    ),
    "quantized": Family(
        "Quantized", "rounded to few levels", "stay", "2 to 16 bits a weight",
        "faster as int8 with activations; weights alone: none", "int8 instructions; any for files",
        "none at 8 bits; helps at 4 and fewer",
    ),
    "student": Family(
        "Student", "new ones, learnt from scratch", "smaller, chosen beforehand", "smaller, an ordinary file",
        "faster wherever it runs", "any", "a whole one; here as short as the others'",
    ),
    "combined": Family(
        "Combined", "several of these in a row", "smaller where channels go", "the savings multiply",
        "channels and int8 multiply", "as its parts", "a short one, often with the dense network as teacher",
    ),
}  # fmt: skip
