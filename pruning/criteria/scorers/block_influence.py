"""Block influence: a block whose output points where its input did adds little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.criteria.kinds import Scorer, scorers

if TYPE_CHECKING:
    from torch import Tensor, nn

    from pruning.network.scene import Scene
    from pruning.network.units import Group


@scorers.register
class BlockInfluence(Scorer):
    name = "block_influence"
    label = "Block influence"
    summary = "One minus the cosine between a block's input and its output, at each position (token), on average."
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

        from pruning.criteria.ranking import MASKED
        from pruning.network.activations import hooked
        from pruning.network.inputs import parts
        from pruning.network.passes import measured_norms, mode

        assert scene.layout is not None
        images, _ = scene.sample(self.samples)
        ((name, group),) = scene.layout.groups.items()
        blocks = _blocks(scene, group)
        sums = torch.zeros(group.count, device=images.device)
        given: dict[nn.Module, Tensor] = {}

        def before(block: nn.Module, args: tuple[Tensor, ...]) -> None:
            given[block] = args[0].clone()  # some blocks add to their input in place

        def after(block: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
            sums[blocks.index(block)] += _turned(block, given.pop(block).float(), out.float()).flatten(1).mean(1).sum()

        hooks = hooked([(b, before) for b in blocks], before=True), hooked([(b, after) for b in blocks])
        with mode(scene.model, False), measured_norms(scene.model), torch.no_grad(), hooks[0], hooks[1]:
            for part in parts(scene.model, images):
                scene.progress(part.start, len(images), "block influence")
                scene.model(images[part])
        masked = scene.layout.reduced(scene.weights, "sum", scene.masks, MASKED)[name] == MASKED
        return {name: torch.where(masked, MASKED, (sums / len(images)).view(group.shape))}


def _turned(block: nn.Module, given: Tensor, out: Tensor) -> Tensor:
    """One minus the cosine at each position; 0 where nothing comes in and nothing goes out."""
    from torch import nn
    from torch.nn import functional as F

    # The channels of a convolution's map are second, those of tokens last (Swin's are maps with channels last).
    convolutions = any(isinstance(module, nn.modules.conv._ConvNd) for module in block.modules())
    axis = 1 if convolutions else -1
    turned = 1 - F.cosine_similarity(given, out, dim=axis)
    return turned.masked_fill((given == out).all(axis), 0.0)


def _blocks(scene: Scene, group: Group) -> list[nn.Module]:
    """The module of each unit: the block that can be left out and holds all the unit's parameters."""
    from pruning.network.groups.blocks import removable_blocks

    shape = scene.base.input_shape
    names = removable_blocks(scene.model, shape)
    held: dict[int, list[str]] = {}
    for member in group.members:
        assert member.unit is not None
        held.setdefault(int(member.unit.flatten()[0]), []).append(member.parameter)
    found = [next(n for n in names if all(p.startswith(f"{n}.") for p in held[unit])) for unit in range(group.count)]
    return [scene.model.get_submodule(name) for name in found]
