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
    "dense": Family(
        "Dense",
        "as trained",
        "shapes too",
        "32 bits a weight",
        "the measure",
        "any hardware",
        "done before",
    ),
    "weights": Family(
        "Pruned weights",
        "the least important become zero",
        "shapes stay",
        "smaller only if zeros are left out or compressed",
        "none from zeros alone; 2:4 patterns on some GPUs",
        "any hardware",
        "a short one",
    ),
    "channels": Family(
        "Pruned channels",
        "whole channels go, the others stay",
        "smaller shapes",
        "smaller, an ordinary file",
        "faster wherever it runs",
        "any hardware",
        "a short one",
    ),
    "quantized": Family(
        "Quantized",
        "rounded to few levels",
        "shapes stay",
        "2 to 16 bits a weight",
        "none from weights alone; int8 with activations is faster, or slower, by processor",
        "int8 instructions help",
        "none at 8 bits; helps at 4 and fewer",
    ),
    "student": Family(
        "Student",
        "new ones, learnt from scratch",
        "smaller shapes, chosen beforehand",
        "smaller, an ordinary file",
        "faster wherever it runs",
        "any hardware",
        "a whole one; here as short as the others'",
    ),
    "combined": Family(
        "Combined",
        "several of these in a row",
        "smaller shapes where channels go",
        "the savings multiply",
        "that of the channels",
        "as its parts",
        "a short one, often with the dense network as teacher",
    ),
}
