"""Block influence: a block whose output points where its input did adds little."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria import Scorer
from pruning.registry import scorers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pruning.passes import Scene
    from pruning.units import Group


@scorers.register
class BlockInfluence(Scorer):
    name = "block_influence"
    label = "Block influence"
    summary = "One minus the cosine between a block's input and its output."
    formula = r"s_b = 1 - \mathbb{E} \left[ \frac{x_b^\top y_b}{\lVert x_b \rVert \, \lVert y_b \rVert} \right]"
    reference = "Men et al. 2024, ShortGPT: Layers in Large Language Models are More Redundant, equation 1"
    idea = "A residual block that hardly turns what passes through it can be left out."
    cost = "One forward pass over the sample of training images."
    fails = "A small turn may still be the one that later blocks rely on; it does not see what the blocks do together."
    needs = "activations"
    family = "activations"
    gives = "blocks"
    draws = True
    rank = 63

    samples: int = Field(500, ge=10, le=50_000, description="Training images, drawn by the seed.")

    def score(self, scene: Scene) -> dict[str, Tensor]:
        import torch
        from torch.nn import functional as F

        from pruning.activations import hooked
        from pruning.passes import measured_norms, mode, parts

        assert scene.layout is not None
        images, _ = scene.sample(self.samples)
        scores = {}
        for name, group in scene.layout.groups.items():
            modules = _modules(scene, group)
            sums = torch.zeros(group.count, device=images.device)

            def hook(place: int, sums: Tensor = sums) -> Callable[..., None]:
                def note(module: object, args: tuple[Tensor, ...], out: Tensor) -> None:
                    # A convolution's map has its channels second, a sequence of tokens last.
                    axis = 1 if out.ndim == 4 else -1
                    turned = 1 - F.cosine_similarity(args[0].float(), out.float(), dim=axis)
                    sums[place] += turned.flatten(1).mean(1).sum()

                return note

            pairs = [(module, hook(place)) for place, module in enumerate(modules)]
            with mode(scene.model, False), measured_norms(scene.model), torch.no_grad(), hooked(pairs):
                for part in parts(len(images)):
                    scene.progress(part.start, len(images), "block influence")
                    scene.model(images[part])
            scores[name] = (sums / len(images)).view(group.shape)
        return scores


def _modules(scene: Scene, group: Group) -> list[nn.Module]:
    """The block of each unit: the innermost module that holds all the unit's parameters."""
    paths: dict[int, list[list[str]]] = {}
    for member in group.members:
        assert member.unit is not None
        paths.setdefault(int(member.unit.flatten()[0]), []).append(member.parameter.split(".")[:-1])
    found = []
    for place in range(group.count):
        common = [steps[0] for steps in zip(*paths[place], strict=False) if len(set(steps)) == 1]
        found.append(scene.model.get_submodule(".".join(common)))
    return found
