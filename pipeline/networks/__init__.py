"""One file a network, named as the paper names it: MINIMUM_SIZE, scale() and backbone(). The folder is the registry."""
