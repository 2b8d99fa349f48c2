"""Sparse training with regrowth: some weights go, as many come back elsewhere, and layer densities stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pruning.training.kinds import Dynamics, dynamics

if TYPE_CHECKING:
    from torch import Tensor

    from pruning.training.session import Session


class Regrowth(Dynamics):
    """What SET and RigL share: at intervals the smallest of the kept weights of each layer go, and others come."""

    revives = True

    share: float = Field(0.3, gt=0, lt=1, description="Share of a layer's kept weights exchanged at first.")
    every: int = Field(50, ge=1, le=10_000, description="Steps between two exchanges.")
    until: float = Field(0.75, gt=0, le=1, description="Share of the training after which masks stay.")

    def after(self, session: Session) -> None:
        import math

        done = session.step + 1
        if done % self.every or done >= self.until * session.total:
            return
        # The share exchanged falls along half a cosine (Evci et al. 2020, section 3).
        share = self.share / 2 * (1 + math.cos(math.pi * done / (self.until * session.total)))
        for name, weight in session.weights.items():
            if name in session.masks:
                _exchange(session, name, weight.detach(), self.growth(session, name), share)

    def growth(self, session: Session, name: str) -> Tensor:
        """A score per weight; of those that are masked, the highest come back."""
        raise NotImplementedError


def _exchange(session: Session, name: str, weight: Tensor, growth: Tensor, share: float) -> None:
    """Drop the smallest kept weights of one layer and grow as many; grown weights start at zero."""
    mask = session.masks[name]
    free = int((~mask).sum())
    count = min(round(share * int(mask.sum())), free)
    if not count:
        return
    flat, grown = mask.flatten().clone(), growth.flatten()
    kept_first = weight.abs().flatten().masked_fill(~flat, float("inf"))
    dropped = kept_first.topk(count, largest=False).indices
    # What goes now may come back by its gradient, as in RigL's own algorithm; what stays is not a candidate.
    flat[dropped] = False
    returned = grown.masked_fill(flat, -float("inf")).topk(count).indices
    new = returned[~mask.flatten()[returned]]
    flat[returned] = True
    session.masks[name] = flat.view(mask.shape)
    _forget(session, name, new)


def _forget(session: Session, name: str, places: Tensor) -> None:
    """Grown weights begin at zero and without the optimiser's memory of an earlier life."""
    import torch

    weight = session.weights[name]
    with torch.no_grad():
        weight.view(-1)[places] = 0.0
        for value in session.optimiser.state.get(weight, {}).values():
            if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                value.view(-1)[places] = 0.0


@dynamics.register
class RigL(Regrowth):
    name = "rigl"
    label = "RigL (regrowth by gradient)"
    summary = "At intervals the smallest weights go and those with the largest gradient come; layer densities stay."
    reference = "Evci et al. 2020, Rigging the Lottery"
    rank = 40

    def growth(self, session: Session, name: str) -> Tensor:
        gradient = session.weights[name].grad
        assert gradient is not None
        return gradient.abs()


@dynamics.register
class SET(Regrowth):
    name = "set"
    label = "SET (random regrowth)"
    summary = "At intervals the smallest weights go and as many come back at random places; layer densities stay."
    reference = "Mocanu et al. 2018"
    rank = 41

    def growth(self, session: Session, name: str) -> Tensor:
        import torch

        place = list(session.weights).index(name)
        seed = (session.spec.seed * 1_000_003 + session.step * 1009 + place) % 2**63
        weight = session.weights[name]
        return torch.rand(weight.shape, generator=torch.Generator().manual_seed(seed)).to(weight.device)
