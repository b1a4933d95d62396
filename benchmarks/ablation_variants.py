"""The changes of Compact and of a recipe that benchmarks.ablation can train, each by its name."""

BASE = "as it is"
ALL_BUT_FLIP = dict.fromkeys(("translate", "rotation", "scale", "brightness", "contrast", "random_erasing"), 0.0)
HALF = {"translate": 0.05, "rotation": 5, "scale": 0.05, "brightness": 0.1, "contrast": 0.1, "random_erasing": 0.25}
RECIPES = {  # what of the recipe is other
    BASE: {},
    "no augmentation": {"augmentation": {}},
    "no random erasing": {"augmentation": {"random_erasing": 0.0}},
    "no rotation, no scale": {"augmentation": {"rotation": 0.0, "scale": 0.0}},
    "no brightness, no contrast": {"augmentation": {"brightness": 0.0, "contrast": 0.0}},
    "flip alone": {"augmentation": ALL_BUT_FLIP},
    "flip and translation alone": {"augmentation": {**ALL_BUT_FLIP, "translate": 0.1}},
    "half of every change": {"augmentation": HALF},
    "mixup, alpha 0.2": {"augmentation": {"mixup": 0.2}},
    "no label smoothing": {"label_smoothing": 0.0},
    "no weight decay": {"weight_decay": 0.0},
    "constant learning rate after the warm-up": {"schedule": "constant"},
    "no dropout": {"dropout": 0.0},
    "dropout 0.3": {"dropout": 0.3},
    "48 px from the start": {"progressive_resizing": []},
    "28 px before 36": {"progressive_resizing": [{"until": 0.3, "size": 28}, {"until": 0.6, "size": 36}]},
    "moving average of the weights, 0.998": {"ema": 0.998},
    "rare emotions weigh more": {"class_weighting": "loss"},
    "label smoothing 0.2": {"label_smoothing": 0.2},
    "weight decay 0.01": {"weight_decay": 0.01},
    "weight decay 0.02": {"weight_decay": 0.02},
    "warm-up 0.35": {"warm_up": 0.35},
    "28 px for 0.4, 36 px to 0.8, 16 epochs": {"progressive_resizing": [{"until": 0.4, "size": 28}, {"until": 0.8, "size": 36}]},
    "squeeze-and-excitation, weight decay 0.01": {"weight_decay": 0.01},
    "two blocks in the last two levels, weight decay 0.01": {"weight_decay": 0.01},
    "widths 32, 80, 160, 320, weight decay 0.01": {"weight_decay": 0.01},
    "each face standardized, weight decay 0.01": {"weight_decay": 0.01},
}
SETTINGS = {  # what of the row's other settings is other
    "learning rate 0.2": {"learning_rate": 0.2},
    "learning rate 0.4": {"learning_rate": 0.4},
    "28 px for 0.4, 36 px to 0.8, 16 epochs": {"epochs": 16},
}
NETWORKS = {  # what of Compact.features is other
    "no shortcuts": {"shortcuts": False},
    "widths 24, 48, 96, 192": {"widths": (24, 48, 96, 192)},
    "pooled after ReLU": {"halved_by": "norm, relu, pool"},
    "strides in place of pooling": {"halved_by": "stride"},
    "pooled before the convolution": {"halved_by": "pooled before"},
    "pooled before the convolution, two blocks in the last two levels": {"halved_by": "pooled before", "blocks": (1, 1, 2, 2)},
    "two blocks in the last level": {"blocks": (1, 1, 1, 2)},
    "two blocks in the last two levels, weight decay 0.01": {"blocks": (1, 1, 2, 2)},
    "squeeze-and-excitation": {"squeeze": 8},
    "squeeze-and-excitation, weight decay 0.01": {"squeeze": 8},
    "average plus maximum": {"maximum": True},
    "widths 32, 80, 160, 320, weight decay 0.01": {"widths": (32, 80, 160, 320)},
    "each face standardized, weight decay 0.01": {"standardized": True},
}
VARIANTS = list(dict.fromkeys([*RECIPES, *SETTINGS, *NETWORKS]))  # a name may stand in more than one
