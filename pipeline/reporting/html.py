"""The report as one self-contained page: reports/index.html."""

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).with_name("templates")


def data_uri(path):
    """Return an SVG file as a data URI."""
    return "data:image/svg+xml;base64," + base64.b64encode(Path(path).read_bytes()).decode()


def sort_key(text):
    """Return what a cell sorts by: its first number, else its text."""
    first = text.replace(",", "").split(" ")[0].rstrip("%")
    try:
        return float(first)
    except ValueError:
        return text.lower()


def render(**context):
    """Return the page; every value is escaped. The names of the context stand in templates/index.html."""
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.filters |= {"sort_key": sort_key, "data_uri": data_uri}
    return environment.get_template("index.html").render(**context) + "\n"
