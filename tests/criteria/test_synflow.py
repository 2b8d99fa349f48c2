"""SynFlow: conservation, rounds against a plain loop, depth, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pruning.common.errors import Incompatible
from pruning.common.progress import quiet
from pruning.criteria.plan import plan, rank
from pruning.criteria.ranking import MASKED
from pruning.criteria.synaptic_flow import Flow
from pruning.network.weights import apply_masks, lay_out, prunable
from pruning.steps.prune import Prune
from pruning.zoo.checkpoints import initial
from tests.helpers.brute import permuted, relu_net, rescaled, scene
from tests.helpers.invented import Images
from tests.helpers.networks import same, small, snapshot, state, untouched


class Residual(nn.Module):
    """Convolutions, BatchNorm, pooling, and an addition around two of them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0, self.norm0 = nn.Conv2d(1, 4, 5, 2), nn.BatchNorm2d(4)
        self.conv1, self.norm1 = nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv2, self.norm2 = nn.Conv2d(6, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.fc1, self.fc2 = nn.Linear(4 * 36, 8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm0(self.conv0(x)))
        y = F.relu(self.norm1(self.conv1(x)))
        x = F.max_pool2d(F.relu(x + self.norm2(self.conv2(y))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def seeded(make: Callable[[], nn.Module], measured: bool = True) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        model = make().eval()
        for norm in model.modules():
            if isinstance(norm, nn.BatchNorm2d) and measured:
                norm.weight.data.normal_(), norm.bias.data.normal_(), norm.running_mean.normal_()
                norm.running_var.uniform_(0.5, 2)
    return model


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("measured", [False, True])
def test_what_flows_into_a_hidden_unit_flows_out_of_it(masked: bool, measured: bool) -> None:
    flow = Flow(scene(seeded(Residual, measured)))
    if masked:
        made = torch.Generator().manual_seed(0)
        apply_masks(flow.model, {n: torch.rand(w.shape, generator=made) > 0.5 for n, w in flow.weights.items()})
    scores = {name: score for name, score in flow.scores().items()}
    for one, two in (("conv1", "conv2"), ("fc1", "fc2")):  # all that leaves the first enters the second
        into, out = scores[f"{one}.weight"].flatten(1).sum(1), scores[f"{two}.weight"].transpose(0, 1).flatten(1).sum(1)
        torch.testing.assert_close(into, out, rtol=1e-10, atol=0)
        assert (into > 0).any() and (into.max() / into[into > 0].min() > 1.01)
    # A channel behind the addition: what comes along both ways leaves by fc1.
    first, shortcut = scores["conv0.weight"].flatten(1).sum(1), scores["conv1.weight"].transpose(0, 1).flatten(1).sum(1)
    behind = scores["fc1.weight"].view(8, 4, 36).sum((0, 2))
    along = scores["conv2.weight"].flatten(1).sum(1)
    torch.testing.assert_close(first - shortcut, behind - along, rtol=1e-8, atol=1e-12)


def test_scores_are_sums_over_paths() -> None:
    model = relu_net()
    one, two = model[1].weight.detach().double().abs(), model[3].weight.detach().double().abs()
    paths = one.T[:, :, None] * two.T[None]  # (input, hidden, output)
    found = Flow(scene(model)).scores()
    largest = max(paths.sum(2).max(), paths.sum(0).max())
    torch.testing.assert_close(found["1.weight"], paths.sum(2).T / largest, rtol=1e-10, atol=0)
    torch.testing.assert_close(found["3.weight"], paths.sum(0).T / largest, rtol=1e-10, atol=0)


def order_by_rounds(model: nn.Sequential, rounds: int) -> Tensor:
    """The places in which single weights of ``relu_net`` fall, by a loop over closed forms."""
    one, two = model[1].weight.detach().double().abs(), model[3].weight.detach().double().abs()
    total, fallen, scores = one.numel() + two.numel(), [], torch.empty(0)
    for number in range(1, rounds + 2):  # a last look at those that outlive the rounds
        fresh = torch.cat([(one * two.sum(0)[:, None]).flatten(), (two * one.sum(1)).flatten()])
        if fresh.max() > 0:  # else no path is left, and the order stays
            scores = (fresh / fresh.max()).float()  # as the scorer compares them
        gone = set(fallen)
        left = [i for i in scores.argsort(stable=True).tolist() if i not in gone]
        kept = 0 if number > rounds else round(total * 0.001 ** (number / rounds))
        new = left[: total - kept - len(fallen)]
        fallen += new
        for i in new:
            (one.view(-1) if i < one.numel() else two.view(-1))[i if i < one.numel() else i - one.numel()] = 0
    places = torch.empty(total)
    places[torch.tensor(fallen)] = torch.arange(total, dtype=torch.float32)
    return places


@pytest.mark.parametrize("rounds", [1, 2, 9])
def test_rounds_are_those_of_a_plain_loop(rounds: int) -> None:
    model = relu_net()
    ranking = rank(state(model).scene(quiet), Prune(scorer="synflow", options={"rounds": rounds}))
    found = torch.cat([score.flatten() for score in ranking.scores.values()]) * (784 * 12 + 120)
    wanted = order_by_rounds(model, rounds)
    # Sums in another order may turn the last bit: neighbours change places then.
    assert (found - wanted).abs().max() <= 2.5 and (found - wanted).abs().gt(0.5).sum() <= 10
    assert found.round().sort().values.equal(torch.arange(len(found), dtype=torch.float32))


def flows(model: nn.Module, masks: dict[str, Tensor]) -> bool:
    flow = Flow(scene(model))
    apply_masks(flow.model, masks)
    return bool(flow.model(flow.ones).sum() > 0)


def chain() -> nn.Sequential:
    """A narrow layer between wide ones, the last of them with small weights."""
    made = nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 60),
        nn.ReLU(),
        nn.Linear(60, 6),
        nn.ReLU(),
        nn.Linear(6, 60),
        nn.ReLU(),
        nn.Linear(60, 10),
    )
    made[7].weight.data.mul_(1e-3)
    return made


def test_rounds_keep_a_path_through_every_layer_where_magnitude_cuts_them() -> None:
    model = seeded(chain)
    masks = {
        name: rank(state(model).scene(quiet), Prune(scorer=name)).masks(998) for name in ("magnitude_l1", "synflow")
    }
    assert all(bool(mask.any()) for mask in masks["synflow"].values()) and flows(model, masks["synflow"])
    assert not masks["magnitude_l1"]["7.weight"].any() and not flows(model, masks["magnitude_l1"])
    at_once = rank(state(model).scene(quiet), Prune(scorer="synflow", options={"rounds": 1})).masks(998)
    assert not same(at_once, masks["synflow"])


def test_levels_are_nested_and_counts_exact() -> None:
    ranking = rank(state(relu_net()).scene(quiet), Prune(scorer="synflow", options={"rounds": 5}))
    before = ranking.masks(0)
    for level in (1, 500, 900, 999, 1000):
        masks = ranking.masks(level)
        assert all(not (masks[name] & ~before[name]).any() for name in masks)
        assert sum(int((~mask).sum()) for mask in masks.values()) == round(level * (784 * 12 + 120) / 1000)
        before = masks


@pytest.mark.parametrize("scale", [1e-5, 1.0, 1e4])
def test_no_depth_makes_scores_vanish(scale: float) -> None:
    def deep() -> nn.Sequential:
        layers = [nn.Flatten(), nn.Linear(784, 16), *(m for _ in range(40) for m in (nn.ReLU(), nn.Linear(16, 16)))]
        made = nn.Sequential(*layers, nn.Linear(16, 10))
        for weight in made.parameters():
            weight.data.mul_(scale)
        return made

    model = seeded(deep)
    scores = Flow(scene(model)).scores()
    assert all(bool((score.float() > 0).all()) for score in scores.values())
    assert (snapshot(model)["79.weight"].abs() > 0).all()
    ranking = rank(state(model).scene(quiet), Prune(scorer="synflow", options={"rounds": 20}))
    assert all(len(score.unique()) == score.numel() for score in ranking.scores.values())


def test_rescaling_and_permuting_change_no_decision() -> None:
    model, step = relu_net(), Prune(scorer="synflow", options={"rounds": 10})
    own = rank(state(model).scene(quiet), step)
    other = rank(state(rescaled(model, 2.0 ** (torch.arange(12) % 5))).scene(quiet), step)
    assert same(own.scores, other.scores)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    turned = rank(state(permuted(model, order)).scene(quiet), step)
    differ = (turned.scores["1.weight"] - own.scores["1.weight"][order]).abs()
    assert float(differ.max()) < 1e-2 and float((differ > 0).float().mean()) < 0.02  # sums in another order


def test_channels_fall_by_the_flow_through_them() -> None:
    model = seeded(Residual)
    flow = Flow(scene(model)).scores()
    made = plan(state(model).scene(quiet), Prune(scorer="synflow", granularity="channel", reduction="sum"))
    units = made.layout.reduced(flow, "sum", {}, 0.0)
    assert made.ranking is not None
    everything = torch.cat([u.flatten() for u in units.values()])
    places = torch.cat([s.flatten() for s in made.ranking.scores.values()]) * len(everything)
    assert places.round().sort().values.equal(torch.arange(len(everything), dtype=torch.float32))
    assert int(places.argmin()) == int(everything.argmin())
    other = plan(state(model).scene(quiet), Prune(scorer="synflow", granularity="channel", reduction="max"))
    largest = torch.cat([u.flatten() for u in other.layout.reduced(flow, "max", {}, 0.0).values()])
    found = torch.cat([s.flatten() for s in other.ranking.scores.values()])  # type: ignore[union-attr]
    assert int(found.argmin()) == int(largest.argmin()) and not torch.equal(found * len(largest), places)


def test_pruning_again_ranks_what_is_left() -> None:
    first = state(relu_net()).after(Prune(scorer="magnitude_l1", sparsity=300), "after", quiet)
    scores = rank(first.scene(quiet), Prune(scorer="synflow", options={"rounds": 4})).scores
    alive = torch.cat([first.masks[name].flatten() for name in scores])
    found = torch.cat([score.flatten() for score in scores.values()])
    assert (found[~alive] == MASKED).all()
    places = (found[alive] * int(alive.sum())).round().sort().values
    assert places.equal(torch.arange(int(alive.sum()), dtype=torch.float32))
    empty = state(relu_net())
    empty.model[3].weight.data.zero_()
    with pytest.raises(Incompatible, match="No flow reaches the output"):
        rank(empty.scene(quiet), Prune(scorer="synflow"))


def test_it_sees_no_data_and_leaves_no_trace(images: Images) -> None:
    model = seeded(Residual, measured=False).train()
    model.fc1.weight.requires_grad_(False)
    numbers, rest = snapshot(model), untouched(model)
    one, two = (rank(state(model).scene(quiet), Prune(scorer="synflow", options={"rounds": 3}, seed=s)) for s in (0, 1))
    assert same(one.scores, two.scores) and images.asked == []
    assert same(snapshot(model), numbers) and untouched(model) == rest


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * x


class Shift(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.ones(12))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.place


class Self(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x[:, None], x[:, None], x[:, None])[0][:, 0]


class Functional(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x)


@pytest.mark.parametrize(
    ("middle", "said"),
    [
        (nn.GELU, r"GELU \('2'\)"),
        (nn.ReLU6, r"ReLU6 \('2'\)"),
        (nn.SiLU, r"SiLU \('2'\)"),
        (nn.Hardswish, r"Hardswish \('2'\)"),
        (lambda: nn.LayerNorm(12), r"LayerNorm \('2'\)"),
        (nn.Tanh, "Tanh"),
        (lambda: nn.GroupNorm(3, 12), "GroupNorm"),
        (Gate, "Gate"),
        (Functional, r"Functional \('2'\)"),
        (Shift, "not proportional to its input"),
        (Self, "'2.*'"),
    ],
)
def test_what_it_does_not_assume_is_refused_by_name(middle: Callable[[], nn.Module], said: str) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), middle(), nn.Linear(12, 10)).eval()
    with pytest.raises(Incompatible, match=f"SynFlow assumes .*{said}.*choose SNIP or magnitude"):
        Flow(scene(model))


def test_functions_without_a_module_are_named_and_others_pass() -> None:
    with pytest.raises(Incompatible, match="tanh"):
        rank(state(small()).scene(quiet), Prune(scorer="synflow"))
    for middle in (nn.ReLU(), nn.LeakyReLU(), nn.Identity(), nn.Dropout(), nn.BatchNorm1d(12)):
        model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), middle, nn.Linear(12, 10)).eval()
        assert bool((Flow(scene(model)).scores()["1.weight"] > 0).all())


def test_norms_over_the_batch_are_refused() -> None:
    norm = nn.BatchNorm1d(12, track_running_stats=False)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), norm, nn.Linear(12, 10)).eval()
    with pytest.raises(Incompatible, match="'2' of resnet_20 normalises over each batch"):
        Flow(scene(model))


@pytest.mark.parametrize(
    "middle",
    [
        lambda: nn.AdaptiveAvgPool2d(1),
        lambda: nn.AdaptiveAvgPool2d(2),
        lambda: nn.AdaptiveMaxPool2d(2),
        lambda: nn.AvgPool2d(2),
        lambda: nn.MaxPool2d(2),
        lambda: nn.ReflectionPad2d(1),
        lambda: nn.Upsample(scale_factor=2),
        lambda: nn.PixelUnshuffle(2),
        lambda: nn.ChannelShuffle(2),
        nn.PReLU,
    ],
)
def test_how_tensors_lie_in_memory_changes_no_score(middle: Callable[[], nn.Module]) -> None:
    """With channels last, pooling and others are computed by operations that move numbers about (``as_strided_``)."""
    layers = (nn.Conv2d(1, 4, 5, 3), nn.BatchNorm2d(4), nn.ReLU(), middle(), nn.Flatten(), nn.LazyLinear(10))
    model = seeded(lambda: nn.Sequential(*layers))
    model(torch.zeros(2, 1, 28, 28))
    plain = Flow(scene(model)).scores()
    last = Flow(scene(model.to(memory_format=torch.channels_last))).scores()
    assert list(plain) == list(last) and float(plain["5.weight"].max()) > 0
    for name, score in plain.items():
        torch.testing.assert_close(score, last[name], rtol=1e-10, atol=0)


def test_a_residual_network_laid_out_for_speed_is_scored() -> None:
    model = initial("resnet_20", 0).eval()
    lay_out(model)
    assert Flow(scene(model)).scores().keys() == prunable(model).keys()
