"""The names that stages share about faces: splits, their parts, and the usages of FER-2013."""

SPLITS = ("unbalanced", "balanced", "balanced_official", "balanced_leaky")
TRAIN, VALIDATION, TEST = "train", "validation", "test"
TRAINING_USAGE = "Training"
TEST_USAGES = ("PublicTest", "PrivateTest", "Test")
