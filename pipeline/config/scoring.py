"""How one row is scored, in a file beside its settings: a change of it scores the row again and does not train it."""

from typing import Annotated

from pydantic import Field

from pipeline.common.files import write_json
from pipeline.common.typed import Count, Typed
from pipeline.config.settings import Recipe, read_as


class TestTimeAugmentation(Typed):
    """The variants of a test face whose probabilities are averaged: every translation, each as it is and, with flip, mirrored too."""

    __test__ = False  # no test of pytest's

    flip: bool = False
    translate: Annotated[int, Field(ge=0)] = 0  # pixels to each of the four sides, beside the face where it is; 0: none


class WholeRecipe(Recipe):
    """A recipe as params.yaml names it: how a row is trained, and how it is scored."""

    tta: TestTimeAugmentation = TestTimeAugmentation()

    def training(self):
        """Return the Recipe, which is all that the training depends on."""
        return Recipe.model_validate(self.model_dump(exclude={"tta"}))


class Evaluation(Typed):
    """How every row is scored."""

    batch_size: Count  # faces at once
    bootstrap: Annotated[int, Field(ge=100)]  # resamples of the test faces
    confidence: Annotated[float, Field(gt=0.5, lt=1)]  # of the intervals


class Scoring(Typed):
    """What a row is scored with, besides its weights and test faces."""

    tta: TestTimeAugmentation
    evaluation: Evaluation

    def write(self, path):
        """Write it as JSON."""
        write_json(path, self.model_dump())

    @classmethod
    def read(cls, path):
        """Return what is in `path`, or raise InputError."""
        return read_as(cls, path, "resolve")
