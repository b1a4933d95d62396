"""Reads a YAML file strictly: no key twice, and numbers as DVC writes them."""

import re
from pathlib import Path

import yaml

from pipeline.common.errors import InputError


class UniqueKeyLoader(yaml.SafeLoader):
    """YAML that refuses a key given twice, where PyYAML would keep the last."""

    def construct_mapping(self, node, deep=False):
        """Return the mapping, or raise for a repeated key."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"key {key!r} given twice{node.start_mark}")
        return super().construct_mapping(node, deep)


UniqueKeyLoader.add_implicit_resolver(  # YAML 1.2's floats, as DVC writes them: PyYAML reads 1e-05 as text
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read(path):
    """Return the values in a YAML file, or raise InputError."""
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), UniqueKeyLoader)  # noqa: S506 a SafeLoader
    except FileNotFoundError:
        raise InputError(f"expected {path} in the working folder, found none; run from the repository's root") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: expected YAML, received: {error}") from None
