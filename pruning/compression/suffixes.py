"""The endings of files of small networks, by their form. No torch."""

from __future__ import annotations

SMALL_SUFFIX = {"safetensors": ".safetensors", "description": ".json", "program": ".pt2", "onnx": ".onnx"}
