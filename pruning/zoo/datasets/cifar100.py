"""CIFAR-100, read by torchvision: 45,000 training, 5,000 validation and 10,000 test images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pruning.common.progress import Progress
from pruning.zoo.kinds import Dataset, datasets

if TYPE_CHECKING:
    from pruning.zoo.kinds import Split

NAMES = """
apple, aquarium fish, baby, bear, beaver, bed, bee, beetle, bicycle, bottle, bowl, boy, bridge, bus, butterfly,
camel, can, castle, caterpillar, cattle, chair, chimpanzee, clock, cloud, cockroach, couch, crab, crocodile,
cup, dinosaur, dolphin, elephant, flatfish, forest, fox, girl, hamster, house, kangaroo, keyboard, lamp, lawn
mower, leopard, lion, lizard, lobster, man, maple tree, motorcycle, mountain, mouse, mushroom, oak tree, orange,
orchid, otter, palm tree, pear, pickup truck, pine tree, plain, plate, poppy, porcupine, possum, rabbit,
raccoon, ray, road, rocket, rose, sea, seal, shark, shrew, skunk, skyscraper, snail, snake, spider, squirrel,
streetcar, sunflower, sweet pepper, table, tank, telephone, television, tiger, tractor, train, trout, tulip,
turtle, wardrobe, whale, willow tree, wolf, woman, worm
"""
CLASSES = tuple(name.strip() for name in NAMES.replace("\n", " ").split(","))


@datasets.register
class CIFAR100(Dataset):
    name = "cifar100"
    label = "CIFAR-100"
    summary = "60,000 small colour images, 32x32 pixels, in a hundred classes."
    reference = "Krizhevsky 2009"
    rank = 30
    sizes = (45_000, 5_000, 10_000)
    shape = (3, 32, 32)
    classes = CLASSES
    licence = "none stated by its authors; for research"
    megabytes = 169

    def load(self, split: str) -> Split:
        from pruning.zoo.downloaded import tensor_split
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.CIFAR100
        mean, std = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
        return tensor_split(self, source, split, folder=source.base_folder, share=10, mean=mean, std=std)

    def download(self, folder: Path, progress: Progress) -> Path:
        from pruning.zoo.fetch import download
        from pruning.zoo.vision import torchvision

        source = torchvision().datasets.CIFAR100
        download(source.url, folder / source.filename, md5=source.tgz_md5, progress=progress)
        source(folder, download=True)
        return folder / source.base_folder
