"""Convolutions of several networks at once, forward and backward by matrix products.

A convolution is a product of its weights with patches of the images. Where 2 x 2 places are pooled, one patch holds
what all four of them see, and one product with the weights moved to each place gives the four values: a third of the
numbers to copy, and better shaped products, for up to half as many multiplications more. The images of a batch lie next
to each other in memory (``(R, C, H, W, B)``), so that patches are copied, and their gradients added, in long rows.
"""

from __future__ import annotations

import torch
from torch import Tensor

threshold_backward = torch.ops.aten.threshold_backward
"""``(grad, values, t)`` -> the gradient where a value is above t, 0 elsewhere."""


class Convolution:
    """Convolutions of R networks, each with its ReLU and its max-pooling.

    ``weight (R, out, in, k, l)``, ``bias (R, out)``.

    Below, y and x count pools, a and b the values of a patch, which ``pool`` places see, i and j the places of a pool.
    """

    def __init__(
        self, padding: tuple[int, int], pool: int, rectified: bool, weight: Tensor, bias: Tensor, *grads: Tensor
    ) -> None:
        self.padding, self.pool, self.rectified = padding, pool, rectified
        self.weight, self.bias, self.grads = weight, bias, grads
        count, n_out, n_in, height, width = weight.shape
        self.patch = (height + pool - 1, width + pool - 1)
        self.wide = weight.new_zeros(count, pool, pool, n_out, n_in, *self.patch)
        self.shape = torch.Size()

    def _prepare(self, shape: torch.Size) -> None:
        """Memory for images of a shape; fresh memory at every step costs as much as computing."""
        count, batch, channels, height, width = self.shape = shape
        (top, side), edge, new = self.padding, self.pool, self.weight.new_empty
        self.images = self.weight.new_zeros(count, channels, height + 2 * top, width + 2 * side, batch)
        self.pools = tuple(
            (size - seen) // edge + 1 for size, seen in zip(self.images.shape[2:4], self.patch, strict=True)
        )
        many, n_out = self.pools[0] * self.pools[1] * batch, self.weight.shape[1]
        patches = self.images.unfold(2, self.patch[0], edge).unfold(3, self.patch[1], edge)
        self.seen = patches.permute(0, 1, 5, 6, 2, 3, 4)  # (R, C, a, b, y, x, B), without copying
        self.patches = new(channels * self.patch[0] * self.patch[1], many)
        self.each, self.slopes = new(count, edge * edge, n_out, many), new(edge * edge, n_out, many)
        self.highest = new(count, n_out, many)

    def forward(self, images: Tensor) -> Tensor:
        """``(R, B, in, H, W)`` -> ``(R, B, out, y, x)``."""
        if images.shape != self.shape:
            self._prepare(images.shape)
        self._inside(self.images).copy_(images.movedim(1, -1))
        for moved in self._moved(self.wide):
            moved.copy_(self.weight)
        for seen, wide, each, highest in zip(self.seen, self._rows, self.each, self.highest, strict=True):
            torch.mm(wide, self._copied(seen), out=each.flatten(0, 1))
            torch.amax(each, 0, out=highest)
        self.out = self.highest + self.bias.unsqueeze(2)
        if self.rectified:
            self.out.relu_()
        return self.out.unflatten(2, (*self.pools, images.shape[1])).movedim(-1, 1)

    def backward(self, grad: Tensor, first: bool) -> Tensor:
        """The gradient at the images ``(R, B, in, H, W)``, unless this is the first layer."""
        grad = grad.unflatten(-1, (self.out.shape[1], *self.pools)) if grad.ndim == 3 else grad  # before was flattened
        grad = grad.movedim(1, -1).reshape(self.out.shape)
        if self.rectified:
            grad = threshold_backward(grad, self.out, 0)
        torch.sum(grad, 2, out=self.grads[1])
        wide, found, slopes = [], [], self.slopes.flatten(0, 1)
        for own, highest, each, seen, rows in zip(grad, self.highest, self.each, self.seen, self._rows, strict=True):
            _to_highest(own, highest, each, self.slopes)
            wide.append(torch.mm(self._copied(seen), slopes.T).T)
            if not first:
                found.append(self._overlapped(torch.mm(rows.T, slopes).view(seen.shape)))
        torch.sum(torch.stack(self._moved(torch.stack(wide).reshape(self.wide.shape))), 0, out=self.grads[0])
        return grad if first else self._inside(torch.stack(found)).movedim(-1, 1)

    def _copied(self, seen: Tensor) -> Tensor:
        """Patches of one network's images, as a matrix.

        They are copied again on the way back: the patches of all networks, if they were kept, would fall out of the
        cache.
        """
        self.patches.view(seen.shape).copy_(seen)
        return self.patches

    def _overlapped(self, patches: Tensor) -> Tensor:
        """Gradients of one network's patches ``(C, a, b, y, x, B)``, added up at its images: row by row, then the
        rows."""
        edge, (rows, columns), (_, channels, height, width, batch) = self.pool, self.pools, self.images.shape
        across = patches.new_zeros(channels, self.patch[0], rows, width, batch)
        images = patches.new_zeros(channels, height, width, batch)
        for b in range(self.patch[1]):
            across[:, :, :, b : b + edge * columns : edge] += patches[:, :, b]
        for a in range(self.patch[0]):
            images[:, a : a + edge * rows : edge] += across[:, a]
        return images

    def _inside(self, images: Tensor) -> Tensor:
        """Images without their padding."""
        (top, side), (height, width) = self.padding, images.shape[2:4]
        return images[:, :, top : height - top, side : width - side]

    def _moved(self, wide: Tensor) -> list[Tensor]:
        """The weights within those of patches, at each place of a pool."""
        edge, (height, width) = range(self.pool), self.weight.shape[3:]
        return [wide[:, i, j, :, :, i : i + height, j : j + width] for i in edge for j in edge]

    @property
    def _rows(self) -> Tensor:
        """The weights of patches as matrices ``(R, places x out, in x a x b)``."""
        return self.wide.flatten(1, 3).flatten(2)


def _to_highest(grad: Tensor, highest: Tensor, each: Tensor, slopes: Tensor) -> None:
    """A gradient goes on to the first of the places that hold the highest value; written to ``slopes``."""
    left, (*before, last) = grad, slopes
    for values, slope in zip(each, before, strict=False):
        lower = threshold_backward(left, highest - values, 0)
        torch.sub(left, lower, out=slope)
        left = lower
    last.copy_(left)
