"""torchvision's classification networks under torchvision's own names, trained on ImageNet's 1,000 classes.

All of them but ``regnet_y_128gf``, ``vit_h_14``, ``vit_l_16`` and ``vit_l_32``, whose weights are above a gigabyte.
Those that take 224x224 images are scored on Imagenette, on the standard 256/224 preprocessing (some were published
with a slightly other resize or interpolation); the others have no matching data set here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from pruning.zoo.kinds import Model, models

if TYPE_CHECKING:
    from torch import Tensor, nn

REFERENCES = {
    "alexnet": "Krizhevsky 2014",
    "convnext": "Liu et al. 2022",
    "densenet": "Huang et al. 2017",
    "efficientnet_b": "Tan & Le 2019",
    "efficientnet_v2": "Tan & Le 2021",
    "googlenet": "Szegedy et al. 2015",
    "inception": "Szegedy et al. 2016",
    "maxvit": "Tu et al. 2022",
    "mnasnet": "Tan et al. 2019",
    "mobilenet_v2": "Sandler et al. 2018",
    "mobilenet_v3": "Howard et al. 2019",
    "regnet": "Radosavovic et al. 2020",
    "resnet": "He et al. 2016",
    "resnext": "Xie et al. 2017",
    "shufflenet": "Ma et al. 2018",
    "squeezenet": "Iandola et al. 2016",
    "swin_v2": "Liu et al. 2022",
    "swin": "Liu et al. 2021",
    "vgg": "Simonyan & Zisserman 2015",
    "vit": "Dosovitskiy et al. 2021",
    "wide_resnet": "Zagoruyko & Komodakis 2016",
}

TABLE = """
resnet18            | ResNet-18             | 11689512  | 224
resnet34            | ResNet-34             | 21797672  | 224
resnet50            | ResNet-50             | 25557032  | 224
mobilenet_v2        | MobileNetV2           | 3504872   | 224
mobilenet_v3_small  | MobileNetV3 (small)   | 2542856   | 224
mobilenet_v3_large  | MobileNetV3 (large)   | 5483032   | 224
efficientnet_b0     | EfficientNet-B0       | 5288548   | 224
vit_b_16            | ViT-B/16              | 86567656  | 224
densenet121         | DenseNet-121          | 7978856   | 224
convnext_tiny       | ConvNeXt-T            | 28589128  | 224
vgg16_bn            | VGG-16 (BatchNorm)    | 138365992 | 224
swin_t              | Swin-T                | 28288354  | 224
alexnet             | AlexNet               | 61100840  | 224
squeezenet1_0       | SqueezeNet 1.0        | 1248424   | 224
squeezenet1_1       | SqueezeNet 1.1        | 1235496   | 224
shufflenet_v2_x0_5  | ShuffleNetV2 x0.5     | 1366792   | 224
shufflenet_v2_x1_0  | ShuffleNetV2 x1.0     | 2278604   | 224
shufflenet_v2_x1_5  | ShuffleNetV2 x1.5     | 3503624   | 224
shufflenet_v2_x2_0  | ShuffleNetV2 x2.0     | 7393996   | 224
mnasnet0_5          | MNASNet 0.5           | 2218512   | 224
mnasnet0_75         | MNASNet 0.75          | 3170208   | 224
mnasnet1_0          | MNASNet 1.0           | 4383312   | 224
mnasnet1_3          | MNASNet 1.3           | 6282256   | 224
googlenet           | GoogLeNet             | 6624904   | 224
inception_v3        | Inception v3          | 23834568  | 299
resnet101           | ResNet-101            | 44549160  | 224
resnet152           | ResNet-152            | 60192808  | 224
resnext50_32x4d     | ResNeXt-50 32x4d      | 25028904  | 224
resnext101_32x8d    | ResNeXt-101 32x8d     | 88791336  | 224
resnext101_64x4d    | ResNeXt-101 64x4d     | 83455272  | 224
wide_resnet50_2     | Wide ResNet-50-2      | 68883240  | 224
wide_resnet101_2    | Wide ResNet-101-2     | 126886696 | 224
regnet_x_400mf      | RegNetX 400MF         | 5495976   | 224
regnet_x_800mf      | RegNetX 800MF         | 7259656   | 224
regnet_x_1_6gf      | RegNetX 1.6GF         | 9190136   | 224
regnet_x_3_2gf      | RegNetX 3.2GF         | 15296552  | 224
regnet_x_8gf        | RegNetX 8GF           | 39572648  | 224
regnet_x_16gf       | RegNetX 16GF          | 54278536  | 224
regnet_x_32gf       | RegNetX 32GF          | 107811560 | 224
regnet_y_400mf      | RegNetY 400MF         | 4344144   | 224
regnet_y_800mf      | RegNetY 800MF         | 6432512   | 224
regnet_y_1_6gf      | RegNetY 1.6GF         | 11202430  | 224
regnet_y_3_2gf      | RegNetY 3.2GF         | 19436338  | 224
regnet_y_8gf        | RegNetY 8GF           | 39381472  | 224
regnet_y_16gf       | RegNetY 16GF          | 83590140  | 224
regnet_y_32gf       | RegNetY 32GF          | 145046770 | 224
densenet161         | DenseNet-161          | 28681000  | 224
densenet169         | DenseNet-169          | 14149480  | 224
densenet201         | DenseNet-201          | 20013928  | 224
vgg11               | VGG-11                | 132863336 | 224
vgg11_bn            | VGG-11 (BatchNorm)    | 132868840 | 224
vgg13               | VGG-13                | 133047848 | 224
vgg13_bn            | VGG-13 (BatchNorm)    | 133053736 | 224
vgg16               | VGG-16                | 138357544 | 224
vgg19               | VGG-19                | 143667240 | 224
vgg19_bn            | VGG-19 (BatchNorm)    | 143678248 | 224
convnext_small      | ConvNeXt-S            | 50223688  | 224
convnext_base       | ConvNeXt-B            | 88591464  | 224
convnext_large      | ConvNeXt-L            | 197767336 | 224
vit_b_32            | ViT-B/32              | 88224232  | 224
swin_s              | Swin-S                | 49606258  | 224
swin_b              | Swin-B                | 87768224  | 224
swin_v2_t           | Swin V2-T             | 28351570  | 256
swin_v2_s           | Swin V2-S             | 49737442  | 256
swin_v2_b           | Swin V2-B             | 87930848  | 256
maxvit_t            | MaxViT-T              | 30919624  | 224
efficientnet_b1     | EfficientNet-B1       | 7794184   | 240
efficientnet_b2     | EfficientNet-B2       | 9109994   | 288
efficientnet_b3     | EfficientNet-B3       | 12233232  | 300
efficientnet_b4     | EfficientNet-B4       | 19341616  | 380
efficientnet_b5     | EfficientNet-B5       | 30389784  | 456
efficientnet_b6     | EfficientNet-B6       | 43040704  | 528
efficientnet_b7     | EfficientNet-B7       | 66347960  | 600
efficientnet_v2_s   | EfficientNetV2-S      | 21458488  | 384
efficientnet_v2_m   | EfficientNetV2-M      | 54139356  | 480
efficientnet_v2_l   | EfficientNetV2-L      | 118515272 | 480
"""
"""Name, label, parameters, image side of the published weights."""

AUXILIARY = {"googlenet": ("aux1.", "aux2."), "inception_v3": ("AuxLogits.",)}
"""Heads that only training uses: the network is built without them, and with the input scaling of its weights."""
OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")
"""torchvision's DenseNet files still say ``norm.1.weight`` for what is now ``norm1.weight``."""


class TorchvisionModel(Model):
    """A network of torchvision with its default weights."""

    embedded = False
    classes = 1000
    parameters: ClassVar[int]

    @property
    def called(self) -> str:
        """torchvision's name for it."""
        return self.name.rpartition(":")[2]

    def build(self) -> nn.Module:
        return self.built(self.classes)

    def built(self, classes: int) -> nn.Module:
        """The architecture with so many outputs."""
        from pruning.zoo.vision import torchvision

        options: dict[str, Any] = {"num_classes": classes}
        if self.called in AUXILIARY:
            options |= {"aux_logits": False, "transform_input": True, "init_weights": True}
        return torchvision().models.get_model(self.called, weights=None, **options)

    def fingerprint(self, seed: int, mark: str) -> str:
        """Nothing: names of all its files carry a hash. Said here since the address is known only with torchvision."""
        return ""

    def address(self) -> str | None:
        from pruning.zoo.vision import torchvision

        return torchvision().models.get_model_weights(self.called).DEFAULT.url

    def adapt(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        for key in list(state):  # in place: an OrderedDict carries the versions of its modules along
            if key.startswith(AUXILIARY.get(self.called, ())):
                del state[key]
            elif old := OLD_DENSENET.match(key):
                state[old[1] + old[2]] = state.pop(key)
        return state


def _reference(name: str) -> str:
    return REFERENCES[max((prefix for prefix in REFERENCES if name.startswith(prefix)), key=len)]


for _place, _line in enumerate(TABLE.strip().splitlines()):
    _name, _label, _parameters, _side = (cell.strip() for cell in _line.split("|"))
    _content = {
        "__module__": __name__,
        "__doc__": f"{_label} of torchvision.",
        "name": _name,
        "label": _label,
        "summary": f"{int(_parameters) / 1e6:.1f} M parameters, ImageNet's 1,000 classes, {_side}x{_side} pixels.",
        "reference": _reference(_name),
        "rank": 200 + _place,
        "parameters": int(_parameters),
        "input_shape": (3, int(_side), int(_side)),
        "data": "imagenette" if _side == "224" else None,
    }
    globals()[_name] = models.register(type(_name, (TorchvisionModel,), _content))
