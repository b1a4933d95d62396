"""One file a network, named as the paper names it: MINIMUM_SIZE, IMAGENET, scale() and backbone(). The folder is the registry."""
