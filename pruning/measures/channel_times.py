"""Channel times: which numbers of channels buy time on this machine, and which cost it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from pruning.common.progress import Desk
from pruning.measures.kinds import Timing, measures

if TYPE_CHECKING:
    import torch
    from torch import nn

    from pruning.state import State

OPSET = 17


@measures.register
class ChannelTimes(Timing):
    """Times of two 3x3 convolutions, ``full`` -> c -> ``full``, for several counts c, by turns in one run.

    That is what removing channels of one layer changes: its outputs and the next layer's inputs. It is a fact about
    the machine and its libraries, not about a network: the state is not looked at, but for its device. Result:
    ``rows``, one per runtime ("torch", and "onnxruntime" on a CPU where it is installed) and count: ``channels``,
    ``median_ms``, ``low_ms`` and ``high_ms`` (quartiles), ``samples``, and ``time``, ``time_low`` and ``time_high``:
    the time over that of all channels in the same round (1 = no gain), median and quartiles; ``full``, ``size``,
    ``batch``, ``threads``, ``device``, ``clock``, ``machine``. Partial results grow by runtime.
    """

    name = "channel_times"
    label = "Channel times"
    summary = "Time of two convolutions for odd, even and round numbers of channels, on this machine."

    full: int = Field(64, ge=8, le=1024, description="Channels before anything is removed.")
    counts: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(
        (63, 61, 60, 56, 52, 49, 48, 47, 44, 40, 36, 33, 32, 31, 28, 24, 17, 16),
        min_length=1,
        max_length=40,
        description="Channels that are left.",
    )
    size: int = Field(32, ge=1, le=512, description="Height and width of the image, in pixels.")
    batch: int = Field(1, ge=1, le=256, description="Images in one pass.")
    seconds: float = Field(8.0, gt=0, le=60, description="Time spent on each runtime, at least seven rounds.")

    def measure(self, state: State, desk: Desk) -> dict[str, Any]:
        import torch

        from pruning.measures.tools.stopwatch import by_turns, conditions, quartiles, ratios

        device = next(state.model.parameters()).device
        counts = (self.full, *(count for count in self.counts if count != self.full))
        generator = torch.Generator().manual_seed(0)
        images = torch.randn(self.batch, self.full, self.size, self.size, generator=generator).to(device)
        pairs = {count: _pair(self.full, count).to(device) for count in counts}
        runtimes: dict[str, dict[str, Callable[[], object]]] = {
            "torch": {str(count): partial(pair, images) for count, pair in pairs.items()},
            "onnxruntime": _sessions(pairs, images) if device.type == "cpu" else {},
        }
        runtimes = {name: works for name, works in runtimes.items() if works}
        about = {"full": self.full, "size": self.size, "batch": self.batch}
        found: dict[str, Any] = {"rows": [], **about, **conditions(device)}
        for number, (runtime, works) in enumerate(runtimes.items()):
            times = by_turns(works, self.seconds, device, desk.part(number, len(runtimes), runtime))
            whole = times[str(self.full)]
            found["rows"] += [
                {"runtime": runtime, "channels": int(count), **quartiles(taken), **ratios(taken, whole, "time")}
                for count, taken in times.items()
            ]
            desk.progress(number + 1, len(runtimes), runtime, {**found, "rows": [*found["rows"]]})
        return found


def _pair(full: int, count: int) -> nn.Sequential:
    """Two convolutions with ``count`` channels between them."""
    import torch
    from torch import nn

    with torch.random.fork_rng():
        torch.manual_seed(count)
        first, second = nn.Conv2d(full, count, 3, padding=1), nn.Conv2d(count, full, 3, padding=1)
    return nn.Sequential(first, nn.ReLU(), second).eval().requires_grad_(False)


def _sessions(pairs: dict[int, nn.Sequential], images: torch.Tensor) -> dict[str, Callable[[], object]]:
    """The same networks in ONNX Runtime, with torch's number of threads; none where it is not installed."""
    import torch

    from pruning.common.errors import Missing
    from pruning.compression.removal.onnx_session import caller

    try:
        files = {str(count): _file(pair, list(images.shape)) for count, pair in pairs.items()}
        calls = {count: caller(data, torch.get_num_threads()) for count, data in files.items()}
    except (ImportError, Missing):
        return {}
    given = images.numpy()
    return {count: partial(call, given) for count, call in calls.items()}


def _file(pair: nn.Sequential, shape: list[int]) -> bytes:
    """A pair as an ONNX file for images of one shape, written by hand: torch's exporter takes seconds for each.

    Raises:
        ImportError: onnx is not installed.
    """
    import onnx

    held = [onnx.numpy_helper.from_array(tensor.numpy(), name) for name, tensor in pair.state_dict().items()]
    nodes = [
        onnx.helper.make_node("Conv", ["images", "0.weight", "0.bias"], ["a"], pads=[1, 1, 1, 1]),
        onnx.helper.make_node("Relu", ["a"], ["b"]),
        onnx.helper.make_node("Conv", ["b", "2.weight", "2.bias"], ["y"], pads=[1, 1, 1, 1]),
    ]
    ends = [onnx.helper.make_tensor_value_info(name, 1, shape) for name in ("images", "y")]
    graph = onnx.helper.make_graph(nodes, "pair", ends[:1], ends[1:], held)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=9)
    return model.SerializeToString()
