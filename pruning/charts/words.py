"""The glossary: one sentence a term, for tips on hover everywhere."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "sparsity": "Share of the prunable weights that are removed, that is set to zero and held there.",
    "density": "Share of weights that are kept: one minus the sparsity.",
    "weights remaining": "Density in per cent, often on a logarithmic axis, as at 1 % a weight more or less matters.",
    "prunable weight": "A weight that the criterion may remove; biases and BatchNorm parameters usually are not.",
    "mask": "A zero or one for each weight: one keeps it, zero removes it.",
    "scorer": "The criterion: it gives every weight or channel a score, and the lowest scores go first.",
    "ranking": "A criterion that scores everything once, so that sparser masks lie inside denser ones.",
    "solver": "A method that finds a mask, and perhaps new weights, for one sparsity at a time.",
    "granularity": "What is removed as one unit: single weights, kernels, channels, or N of M neighbours.",
    "unstructured": "Single weights are removed wherever they are: most weights go, but the tensor keeps its shape.",
    "structured": "Whole channels or filters are removed, so that the layer itself becomes smaller and faster.",
    "N:M": "Of each M neighbouring weights at most N stay, a pattern that some processors compute faster (2:4).",
    "allocation": "How the layers share the sparsity: each the same, or one ranking over the whole network.",
    "global": "One ranking over all layers: layers with low scores give more than others.",
    "uniform": "Each layer gives the same share of its weights.",
    "magnitude": "The absolute value of a weight, the oldest criterion: small weights matter least.",
    "layer collapse": "A layer without weights: unless a shortcut leads around it, the network can only guess.",
    "BatchNorm recalibration": "Running means and variances are measured anew after pruning, without training.",
    "compression ratio": "Weights before pruning over weights after it: 10x is a sparsity of 90 %.",
    "MAC": "One multiplication with its addition, the unit in which a network's arithmetic is counted.",
    "accuracy": "Share of images whose class the network names correctly.",
    "dense": "The network before pruning: the reference of every comparison.",
    "chance": "Accuracy of guessing: one over the number of classes when these are equally frequent.",
    "Wilson interval": "A 95 % interval for a share of images; it stays within 0 to 100 % and holds for few images.",
    "McNemar test": "Compares two networks on the same images by those that only one of them gets right.",
    "p-value": "How often so large a difference would turn up if both networks were equally good.",
    "flip": "An image whose predicted class changed by pruning.",
    "confidence": "The softmax share that the network gives to its answer; it is no promise of being right.",
    "per mille": "Thousandths: level 975 is a sparsity of 97.5 %.",
    "pinned baseline": "An earlier setting that is kept on the chart, to compare with the one you look at now.",
    "control": "A setting that knows nothing, such as random pruning: what a criterion has to beat.",
    "multiple": "Odd counts are slow. Auto: of 16 in layers of 64 channels or more, of 8 from 32 on, of 4 below.",
    "safetensors": "A file format for tensors that holds numbers only, and runs no code when it is opened.",
    "zstd": "A lossless general compressor; it finds the zeros that pruning leaves in a file.",
    "bitmask": "One bit a weight says whether it is kept, and only the kept values follow.",
    "sensitivity": "How much accuracy falls when one layer alone is pruned.",
    "sensitivity budgets": "Each layer gives what it could give alone before accuracy on validation images fell.",
    "rank correlation": "From 1 (two scorers order all units alike) over 0 (no relation) to -1 (the reverse order).",
    "Jaccard overlap": "Units that both remove, over units that either of them removes: 1 is the same set.",
    "shuffled control": "Each layer gives as much as under a scorer, but which weights go is drawn by chance.",
    "inverted control": "What a scorer calls most important goes first: a scorer that knows something falls far.",
    "one-shot": "All weights are removed in one step, without training in between.",
    "iterative pruning": "Some weights are removed, the network is trained again, and so on.",
    "fine-tuning": "Training on after pruning, with the mask held, so that the kept weights make up for the lost.",
    "weight rewinding": "Kept weights go back to an early step and train anew from there (Frankle et al. 2020).",
    "learning-rate rewinding": "Weights stay; the whole learning-rate schedule runs again, faster (Renda et al. 2020).",
    "mask churn": "Weights that went and that came back between two looks; regrowth revives some (Evci et al. 2020).",
    "distillation": "The pruned network also learns the softened answers of the dense one (Hinton et al. 2015).",
    "student": "A smaller network from scratch that also learns the dense one's answers (Hinton et al. 2015).",
    "Pareto front": "The ways that no other measured way beats in both: accuracy, and what is gained.",
    "early stop": "The look with the lowest validation loss: earlier means faster (Frankle & Carbin 2019).",
    "winning ticket": "A sparse network that matches dense from its own initial weights (Frankle & Carbin 2019).",
    "linear mode connectivity": "No rise of error on the line between two trainings of a start (Frankle et al. 2020).",
    "lottery ticket": "A mask and initial weights that, trained alone, reach the accuracy of the dense network.",
    "rewinding": "Setting the kept weights back to what they were early in training before training again.",
    "seed": "The number from which all chance in a run is drawn; the same seed gives the same run.",
}


def tip(term: str) -> str:
    """The sentence for a term, whatever its case; empty for a word that needs none."""
    return _FOLDED.get(term.casefold(), "")


_FOLDED = {term.casefold(): sentence for term, sentence in GLOSSARY.items()}
