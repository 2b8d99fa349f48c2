"""Train the embedded language model: ``python assets/train_language.py``.

It reads the novels that ``assets/novels.py`` extracted, learns a byte-pair encoding of them, and trains a small network
of transformers' class Llama. Resumable: every few minutes the whole training state goes to ``.train/``; the same
command goes on from there. Writes ``assets/models/llama_novels/``, a folder that transformers reads
(``model.safetensors`` in float16, ``config.json``, ``tokenizer.json``), and ``card.json``. The validation text (half a
novel) is looked at on the way, the test text (its other half) once, at the end.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
NAME = "llama_novels"
FOLDER, TEXTS, SCRATCH = ROOT / "assets" / "models" / NAME, ROOT / "assets" / "data" / "novels", ROOT / ".train"

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from pruning.zoo.vision import torchvision  # noqa: E402

torchvision()  # transformers imports it
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

END = "<|end|>"


@dataclass(frozen=True)
class Plan:
    """How it is trained: matrices by Muon, embeddings and norms by AdamW; learning rates rise, stay, fall to zero."""

    steps: int = 5_000
    batch: int = 8
    window: int = 256
    muon_lr: float = 0.02
    adam_lr: float = 3e-3
    weight_decay: float = 0.1
    warmup: float = 0.02
    fall: float = 0.2
    vocabulary: int = 1_024


CONFIG = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "tie_word_embeddings": True,
    "bos_token_id": 0,
    "eos_token_id": 0,
}


def text(split: str) -> str:
    return lzma.decompress((TEXTS / f"{split}.txt.xz").read_bytes()).decode()


def tokenizer(size: int) -> Tokenizer:
    """A byte-level byte-pair encoding of the training text; read back where it is there already."""
    path = FOLDER / "tokenizer.json"
    if not path.exists():
        made = Tokenizer(models.BPE())
        made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        made.decoder = decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=size, special_tokens=[END], initial_alphabet=alphabet, show_progress=False
        )
        made.train_from_iterator(text("train").splitlines(keepends=True), trainer)
        path.parent.mkdir(parents=True, exist_ok=True)
        made.save(str(path), pretty=False)
    return Tokenizer.from_file(str(path))


def rate(plan: Plan, step: int) -> float:
    """The share of the full learning rate at a step."""
    return min(1.0, (step + 1) / (plan.warmup * plan.steps), (plan.steps - step) / (plan.fall * plan.steps))


def optimisers(model: nn.Module, plan: Plan) -> list[torch.optim.Optimizer]:
    blocks = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    return [
        torch.optim.Muon(blocks, lr=plan.muon_lr, weight_decay=plan.weight_decay),
        torch.optim.AdamW(rest, lr=plan.adam_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]


@torch.inference_mode()
def held_out(model: nn.Module, ids: Tensor, window: int) -> float:
    """Mean next-token cross-entropy in nats over all whole windows."""
    model.eval()
    windows, total = ids[: len(ids) // window * window].view(-1, window), 0.0
    for part in windows.split(16):
        logits = model(input_ids=part).logits[:, :-1]
        total += float(F.cross_entropy(logits.flatten(0, 1), part[:, 1:].flatten(), reduction="sum"))
    model.train()
    return total / windows[:, 1:].numel()


def train(plan: Plan, every: int) -> tuple[nn.Module, float, list[dict[str, Any]]]:
    """The trained network, the seconds it took, and what was measured on the way."""
    coder = tokenizer(plan.vocabulary)
    ids, validation = (torch.tensor(coder.encode(text(split)).ids) for split in ("train", "validation"))
    torch.manual_seed(0)
    model = LlamaForCausalLM(LlamaConfig(vocab_size=coder.get_vocab_size(), **CONFIG))
    steppers, generator = optimisers(model, plan), torch.Generator().manual_seed(1_000)
    bases = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    start, seconds, history, scratch = 0, 0.0, [], SCRATCH / f"{NAME}.pt"
    if scratch.exists():
        saved = torch.load(scratch, weights_only=True)
        model.load_state_dict(saved["model"])
        for stepper, state in zip(steppers, saved["optimisers"], strict=True):
            stepper.load_state_dict(state)
        generator.set_state(saved["generator"])
        start, seconds, history = saved["step"], saved["seconds"], saved["history"]
    began, total = time.perf_counter(), 0.0
    for step in range(start, plan.steps):
        for stepper, own in zip(steppers, bases, strict=True):
            for group, base in zip(stepper.param_groups, own, strict=True):
                group["lr"] = base * rate(plan, step)
        at = torch.randint(0, len(ids) - plan.window - 1, (plan.batch, 1), generator=generator)
        batch = ids[at + torch.arange(plan.window + 1)]
        logits = model(input_ids=batch[:, :-1]).logits
        loss = F.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        for stepper in steppers:
            stepper.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper in steppers:
            stepper.step()
        total += float(loss.detach())
        if (step + 1) % every == 0 or step + 1 == plan.steps:
            seconds += time.perf_counter() - began
            done = (step % every) + 1
            loss_there = held_out(model, validation, plan.window)
            history.append(
                {"step": step + 1, "train_loss": round(total / done, 4), "validation_loss": round(loss_there, 4)}
            )
            print(history[-1], f"{seconds:.0f} s", flush=True)
            SCRATCH.mkdir(exist_ok=True)
            progress = {"step": step + 1, "seconds": seconds, "history": history, "generator": generator.get_state()}
            states = {"model": model.state_dict(), "optimisers": [stepper.state_dict() for stepper in steppers]}
            torch.save({**states, **progress}, f"{scratch}.tmp")
            os.replace(f"{scratch}.tmp", scratch)
            began, total = time.perf_counter(), 0.0
    return model, seconds, history


def save(model: Any) -> None:
    """In float16, tied weights once, as ``from_pretrained`` reads them; the network goes on with what was kept."""
    state = {k: v.half().contiguous() for k, v in model.state_dict().items() if k != "lm_head.weight"}
    path = FOLDER / "model.safetensors"
    save_file(state, f"{path}.tmp", metadata={"format": "pt"})
    os.replace(f"{path}.tmp", path)
    model.config.architectures, model.config.use_cache = [type(model).__name__], True
    model.config.to_json_file(FOLDER / "config.json")
    model.load_state_dict({k: v.float() for k, v in load_file(path).items()}, strict=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=250, help="steps between two looks and checkpoints")
    options, plan = parser.parse_args(), Plan()
    torch.set_num_threads(options.threads)
    model, seconds, history = train(plan, options.every)
    save(model)
    coder, losses = tokenizer(plan.vocabulary), {}
    for split in ("validation", "test"):
        words = text(split)
        ids = torch.tensor(coder.encode(words).ids)
        loss = held_out(model, ids, plan.window)
        bits = loss / math.log(2) * len(ids) / len(words)
        losses |= {f"{split}_perplexity": round(math.exp(loss), 3), f"{split}_bits_a_character": round(bits, 4)}
    card = {
        "model": NAME,
        "data": "novels",
        "made_by": "python assets/train_language.py",
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
        "machine": f"{platform.machine()}, {options.threads} CPU thread(s)",
        "plan": asdict(plan),
        "accuracy_unit": f"perplexity of a token over windows of {plan.window}, all but the first of each scored",
        "note": "Trained on one CPU thread for as long as the seconds below; longer training may improve it. Continued "
        "twice with a shorter plan: up to step 4,500 learning rates were within a tenth of this plan's.",
        "runs": [{"seed": 0, **losses, "seconds": round(seconds), "history": history}],
    }
    (FOLDER / "card.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
