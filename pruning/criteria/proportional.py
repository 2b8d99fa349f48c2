"""Which operations keep a flow proportional to the weights, as SynFlow assumes, and which networks have others."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from pruning.common.errors import Incompatible

LAYOUT = frozenset(
    {
        "_reshape_alias",
        "_to_copy",
        "_unsafe_view",
        "alias",
        "as_strided",
        "as_strided_",
        "cat",
        "channel_shuffle",
        "clone",
        "copy_",
        "detach",
        "empty_like",
        "expand",
        "flip",
        "gather",
        "im2col",
        "index",
        "index_select",
        "native_channel_shuffle",
        "new_empty",
        "new_zeros",
        "permute",
        "pixel_shuffle",
        "pixel_unshuffle",
        "repeat",
        "roll",
        "select",
        "slice",
        "split",
        "split_with_sizes",
        "squeeze",
        "stack",
        "t",
        "transpose",
        "unbind",
        "unfold",
        "unsqueeze",
        "view",
        "zeros_like",
    }
)
"""Operations, by torch's names, that move numbers about. Which of them a layer calls depends on how tensors lie in
memory: adaptive pooling of channels last ends in ``as_strided_``."""

PROPORTIONAL = LAYOUT | frozenset(
    {
        "_adaptive_avg_pool2d",
        "_adaptive_avg_pool3d",
        "_prelu_kernel",
        "adaptive_max_pool2d",
        "adaptive_max_pool3d",
        "add",
        "add_",
        "addmm",
        "avg_pool2d",
        "avg_pool3d",
        "constant_pad_nd",
        "convolution",
        "leaky_relu",
        "leaky_relu_",
        "max_pool2d_with_indices",
        "max_pool3d_with_indices",
        "mean",
        "mm",
        "reflection_pad1d",
        "reflection_pad2d",
        "reflection_pad3d",
        "relu",
        "relu_",
        "replication_pad1d",
        "replication_pad2d",
        "replication_pad3d",
        "sum",
        "upsample_bilinear2d",
        "upsample_linear1d",
        "upsample_nearest1d",
        "upsample_nearest2d",
        "upsample_nearest3d",
        "upsample_trilinear3d",
    }
)
"""Operations, by torch's names, that hand on a positive multiple of their input as that multiple of their output."""


NORMS = frozenset(
    {
        "native_batch_norm",
        "_native_batch_norm_legit_no_training",
        "cudnn_batch_norm",
        "batch_norm",
        "_batch_norm_with_update",
        "miopen_batch_norm",
    }
)
"""They do too in eval mode with measured or initial statistics; a norm that has none is refused by itself."""


SCALINGS = frozenset({"mul", "mul_", "div", "div_"})
"""They do where the other factor is one number."""


WORDS = {
    "mul": "a product of activations",
    "gelu": "GELU",
    "silu": "SiLU",
    "hardtanh": "ReLU6",
    "hardswish": "Hardswish",
    "native_layer_norm": "LayerNorm",
    "native_group_norm": "GroupNorm",
    "_softmax": "softmax",
    "_scaled_dot_product_flash_attention_for_cpu": "attention",
    "_scaled_dot_product_flash_attention": "attention",
    "_scaled_dot_product_efficient_attention": "attention",
    "_native_multi_head_attention": "attention",
}
"""What people call other operations."""


class Listener(TorchDispatchMode):
    """Notes operations that are not proportional, and the modules that they happen in."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, nn.Module]] = []
        self.met: dict[str, list[str]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func.overloadpacket.__name__
        scaled = name in SCALINGS and any(not isinstance(a, Tensor) or a.ndim == 0 for a in args)
        fine = name in PROPORTIONAL or name in NORMS or scaled
        if not fine and any(isinstance(a, Tensor) and a.is_floating_point() for a in args):
            where, module = self.stack[-1]
            leaf = where and not any(module.children())
            self.note(type(module).__name__ if leaf else WORDS.get(name, name), where)
        return func(*args, **(kwargs or {}))

    def note(self, word: str, where: str) -> None:
        places = self.met.setdefault(word, [])
        if where not in places:
            places.append(where)


def check_proportional(model: nn.Module, ones: Tensor, name: str) -> None:
    """Refuse a network whose flow is not proportional to its weights."""
    listener, handles = Listener(), []
    for where, module in model.named_modules():
        handles.append(module.register_forward_pre_hook(lambda m, _, w=where: listener.stack.append((w, m))))
        handles.append(module.register_forward_hook(lambda *_: listener.stack.pop() and None))
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
            raise Incompatible(f"SynFlow needs fixed norms, and '{where}' of {name} normalises over each batch.")
    with torch.no_grad():
        with listener:
            single = model(ones)
        for handle in handles:
            handle.remove()
        double, none = model(2 * ones), model(0 * ones)
    words = [
        word + (f" ('{places[0]}'{f' and {len(places) - 1} more' if len(places) > 1 else ''})" if places[0] else "")
        for word, places in listener.met.items()
    ]
    if not words and (none.any() or not torch.allclose(double, 2 * single, rtol=1e-6, atol=0)):
        words = ["an output that is not proportional to its input"]
    if words:
        raise Incompatible(
            f"SynFlow assumes that flow is proportional to the weights, and {name} has {', '.join(words)}: choose SNIP "
            "or magnitude."
        )
