"""ImageNet weights: each network's file names its own, with address and hash; here they are fetched, checked and kept."""

from pathlib import Path

from pipeline.common.errors import InputError
from pipeline.common.files import cache_folder


def fetch(model, url, known_hash):
    """Return the path of the weights file at `url`; downloaded once, and its hash checked at every use.

    model: the network's name; known_hash: "md5:..." or "sha256:...". Raises InputError.
    """
    import pooch

    path = cache_folder() / "imagenet" / url.rpartition("/")[2]
    algorithm, _, digest = known_hash.partition(":")
    if path.exists():
        received = pooch.file_hash(str(path), alg=algorithm)
        if received != digest:
            raise InputError(f"{path}: expected the ImageNet weights of {model} with {known_hash}, received {received}; remove the file")
        return path
    try:
        return Path(pooch.retrieve(url, known_hash, fname=path.name, path=path.parent))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; another hash is a ValueError
        raise InputError(
            f"{model}: expected the ImageNet weights {path.name} from {url}, received {type(error).__name__}: {error}; "
            f"check the network, or put the file at {path}, or leave pretrained out of the profile"
        ) from None
