"""How a row is optimized: its optimizer, and its recipe, which is off in every part unless params.yaml turns it on."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.training.section import Section

Share = Annotated[float, Field(ge=0, lt=1)]
Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Adam(Section):
    """Adam (Kingma and Ba, 2015)."""

    name: Literal["adam"] = "adam"
    learning_rate: Positive
    beta_1: Share
    beta_2: Share
    epsilon: Positive


class Sgd(Section):
    """Stochastic gradient descent with momentum, Nesterov's form of it if asked for."""

    name: Literal["sgd"] = "sgd"
    learning_rate: Positive
    momentum: Share
    nesterov: bool = False


Optimizer = Annotated[Adam | Sgd, Field(discriminator="name")]


class Augmentation(Section):
    """Changes of the training faces, drawn anew at each step: see augmentation.augment for their arithmetic."""

    flip: bool = False  # left and right, half of the faces
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # at most, as a share of the side
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0  # at most, in degrees
    scale: Annotated[float, Field(ge=0, le=0.5)] = 0.0  # at most, as a share
    brightness: Share = 0.0  # at most, as a share of white
    contrast: Share = 0.0  # at most, as a share
    erase: Probability = 0.0  # share of the faces that lose a rectangle (Zhong et al., 2020)
    mixup: Annotated[float, Field(ge=0)] = 0.0  # alpha of the Beta distribution of the shares; 0: none (Zhang et al., 2018)

    @property
    def moves(self):
        """Whether faces are resampled."""
        return bool(self.flip or self.shift or self.rotation or self.scale)


class Size(Section):
    """A size of the faces for the first part of a training."""

    until: Annotated[float, Field(gt=0, lt=1)]  # share of the epochs
    size: Annotated[int, Field(ge=16)]  # pixels


class Views(Section):
    """The views of a test face whose probabilities are averaged: every shift, each as it is and, with flip, mirrored too."""

    flip: bool = False
    shift: Annotated[int, Field(ge=0)] = 0  # pixels to each of the four sides, beside the face where it is; 0: no shifts


class Recipe(Section):
    """What a training does beyond the plain loop."""

    optimizer: Optimizer | None = None  # in place of the params' settings of the row's optimizer
    schedule: Literal["constant", "cosine", "one-cycle"] = "constant"  # of the learning rate: see schedule.rate_at
    warm_up: Share = 0.0  # share of the steps in which the rate rises linearly
    weight_decay: Share = 0.0  # kernels only; a step shrinks them by rate x weight_decay (Loshchilov and Hutter, 2019)
    clip_norm: Positive | None = None  # of all gradients together (Pascanu et al., 2013)
    label_smoothing: Share = 0.0  # share of the target spread evenly over all emotions (Szegedy et al., 2016)
    balance: Literal["none", "weights", "sampling"] = "none"  # rare emotions weigh more in the loss, or are drawn more often
    moving_average: Share = 0.0  # of the weights, by step; validated and kept in their place (Polyak and Juditsky, 1992)
    dropout: Share = 0.0  # before the last layer (Srivastava et al., 2014)
    sizes: list[Size] = []  # smaller faces first (Howard, in Coleman et al., 2018); in the order of `until`
    augmentation: Augmentation = Augmentation()
    views: Views = Views()

    @model_validator(mode="after")
    def _sizes_ascend(self):
        ends = [part.until for part in self.sizes]
        if ends != sorted(set(ends)):
            raise ValueError(f"sizes: expected rising values of until, received {ends}")
        return self
