"""A model card in Hugging Face's form: a README.md whose head says what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pruning.common.errors import Missing

TASKS = {"image_classification": "image-classification", "classification": "tabular-classification"}
"""Names that Hugging Face has for tasks."""
LOADING = {
    ".pth": 'import torch\n\nstate = torch.load("{name}", weights_only=True){inside}\n'
    "model.load_state_dict(state)  # your own class",
    ".pt2": 'import torch\n\nmodel = torch.export.load("{name}").module()\nprint(model(inputs))  # 1 to 4,096 examples',
    ".onnx": "import onnxruntime\n\n"
    'session = onnxruntime.InferenceSession("{name}")\n'
    'print(session.run(None, {{"images": inputs}}))',
    ".safetensors": 'import pruning\n\nmodel = pruning.load_small("{name}")',
}

TENSORS = """from safetensors.torch import load_file

model.load_state_dict(load_file("{name}"))  # your own class, of these shapes"""


def card(facts: Mapping[str, Any], name: str, size: int, check: str) -> str:
    """The card's text.

    Args:
        facts: as ``pruning.measures.tools.facts.facts`` says them.
        name: of the file it goes with.
        size: bytes of that file.
        check: what a fresh process said of it, in a sentence.

    Raises:
        Missing: huggingface_hub is not installed.
    """
    try:
        from huggingface_hub import EvalResult, ModelCard, ModelCardData
    except ImportError:
        raise Missing("A model card needs one more package: pip install huggingface_hub==2.4.0.") from None
    measured, results = facts["measured"], []
    task = TASKS.get(facts["task"], facts["task"])
    if measured is not None:
        results = [
            EvalResult(
                task_type=task,
                dataset_type=measured["data"].lower().replace(" ", "-"),
                dataset_name=measured["data"],
                dataset_split=measured["split"],
                metric_type=measured["name"],
                metric_name=f"{measured['name']} on the first {measured['count']:,} examples",
                metric_value=measured["value"],
            )
        ]
    held = facts["name"].partition(":")[0] == "wrapped"  # a name that means nothing elsewhere
    data = ModelCardData(
        base_model=None if held else facts["name"],
        tags=["pruning", *sorted({step["kind"] for step in facts["recipe"]})],
        pipeline_tag=task,
        model_name=facts["model"] if results else None,
        eval_results=results or None,
    )
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{_body(facts, name, size, check)}"))


def _body(facts: Mapping[str, Any], name: str, size: int, check: str) -> str:
    """The part that people read."""
    gone = facts["prunable"] - facts["nonzero"]
    share = gone / facts["prunable"] if facts["prunable"] else 0.0
    lines = [
        f"# {facts['model']}, compressed",
        "",
        *(f"{number}. {words}" for number, words in enumerate(facts["steps"], 1)),
        "",
        f"{facts['parameters']:,} parameters; {gone:,} of {facts['prunable']:,} prunable weights are zero "
        f"({100 * share:.1f} %). `{name}`: {size:,} bytes.",
        "",
    ]
    if (measured := facts["measured"]) is not None:
        lines += [
            f"Measured: {measured['name']} {measured['value']:.4g}, before {measured['dense']:.4g}, on the first "
            f"{measured['count']:,} {measured['split']} examples of {measured['data']}, on {measured['device']} "
            f"({measured['machine']}).",
            "",
        ]
    lines += [f"Inputs: {'x'.join(map(str, facts['input_shape']))} numbers an example."]
    if facts["preprocessing"]:
        lines += [f"Preprocessing: {facts['preprocessing']}."]
    if facts["classes"]:
        shown = ", ".join(facts["classes"][:20]) + (" …" if len(facts["classes"]) > 20 else "")
        lines += [f"Outputs: {len(facts['classes'])} classes: {shown}."]
    loading = LOADING[name[name.rindex(".") :]]
    if name.endswith(".safetensors") and facts["name"].startswith("wrapped:"):
        loading = TENSORS
    inside = "".join(f'["{key}"]' for key in facts.get("container", ()))
    return "\n".join([*lines, "", check, "", "```python", loading.format(name=name, inside=inside), "```", ""])
