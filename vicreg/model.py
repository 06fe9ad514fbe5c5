"""The encoder f and the projection head h of the exercise.

Written with an AI coding assistant; see the report's section on automatic tools.
"""

from torch import Tensor, nn
from torchvision.models import resnet18

REPRESENTATION_DIM = 128
PROJECTION_DIM = 512


class Encoder(nn.Module):
    """The encoder f: a ResNet-18 for small images with a small head, 11.5 M parameters.

    As the exercise prescribes: a 3x3 first convolution without stride or padding in place of
    the 7x7 one (so 32x32 images have 30x30 maps), no max-pooling, and on top of the last linear layer
    batch normalisation, ReLU and a linear layer to the representation.
    """

    def __init__(self, representation_dim: int = REPRESENTATION_DIM):
        super().__init__()
        self.backbone = resnet18(weights=None)
        self.backbone.conv1 = nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=0, bias=True)
        self.backbone.maxpool = nn.Identity()
        self.backbone.fc = nn.Linear(512, 512)
        self.head = nn.Sequential(
            nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, representation_dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised images (n, 3, side, side) to representations (n, representation_dim)."""
        return self.head(self.backbone(x))


class Projector(nn.Sequential):
    """The projection head h: three linear layers, used for training only.

    Maps representations (n, representation_dim) to projections (n, projection_dim).
    """

    def __init__(
        self,
        representation_dim: int = REPRESENTATION_DIM,
        projection_dim: int = PROJECTION_DIM,
    ):
        d = projection_dim
        super().__init__(
            nn.Linear(representation_dim, d), nn.BatchNorm1d(d), nn.ReLU(),
            nn.Linear(d, d), nn.BatchNorm1d(d), nn.ReLU(),
            nn.Linear(d, d),
        )  # fmt: skip
