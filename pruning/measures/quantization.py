"""Quantization: what fewer bits do to each layer, and to the bytes of a really packed file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Measure, measures

if TYPE_CHECKING:
    from pruning.state import State


@measures.register
class Quantization(Measure):
    """The last rounding of a recipe, beside the network as it was before.

    Result: ``layers`` in forward order: ``name``, ``weights`` (count), ``bits`` of a code, ``weight_error`` (norm of
    the change over the norm of the weight), ``output_error`` (the same of the layer's outputs without bias, on
    training images, each layer seeing the inputs it had before; None where it cannot be seen), and bytes in the packed
    file: ``codes``, ``scales``, ``zeros`` (zero points). ``bytes``: of the whole file; ``header``, its header;
    ``rest``: biases, norms and what else is not quantized; these and the layers' add up to ``bytes``. ``float32``:
    bytes of the safetensors file before rounding. ``samples``: images.
    """

    name = "quantization"
    label = "Quantization"
    summary = "Errors of rounded weights layer by layer, and the bytes of the packed file."

    samples: int = Field(256, ge=10, le=50_000, description="Training images that pass through.")
    seed: int = Field(0, ge=0, lt=2**31, description="Seed of which images.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        from pruning.compression.files import plain
        from pruning.compression.quantization.loss import bytes_by_part, output_errors, relative, rounding
        from pruning.network.scene import training_examples
        from pruning.network.weights import layer_label

        before, after = rounding(state)
        images = training_examples(state.base, self.samples, self.seed)[0]
        outputs = output_errors(before.model, after.weights, images, desk.progress)
        size, old, new = bytes_by_part(state), before.weights, after.weights
        layers = [
            {
                "name": layer_label(name),
                "weights": weight.numel(),
                "bits": state.formats[name].bits,
                "weight_error": relative(new[name] - weight, weight),
                "output_error": outputs[name],
                **size["layers"][name],
            }
            for name, weight in old.items()
        ]
        whole = len(plain(before.model))
        return {
            "layers": layers,
            "bytes": size["total"],
            "header": size["header"],
            "rest": size["rest"],
            "float32": whole,
            "samples": len(images),
        }
