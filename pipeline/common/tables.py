"""Tables for people on a terminal, however narrow it is."""

import re
import sys

from rich.console import Console
from rich.table import Table

WIDTH = 140  # columns where the output is no terminal


def print_table(title, columns, rows, least=(), file=None):
    """Print `rows`, each a list of texts or numbers, in a table that is as wide as the terminal.

    least: names of `columns` in the order in which they are left out where the terminal is too narrow, which a line below says. What
    stays is never cut: it goes on in a further line. file: where to, by default stdout.
    """
    file = file or sys.stdout
    console, left_out = Console(file=file, width=None if file.isatty() else WIDTH), []
    for name in (*least, None):
        table = Table(title=title)
        for index, column in enumerate(columns):
            if column not in left_out:
                numbers = all(_is_number(row[index]) for row in rows)
                table.add_column(column, overflow="fold", justify="right" if numbers else "left")
        for row in rows:
            table.add_row(*(str(value) for column, value in zip(columns, row, strict=True) if column not in left_out))
        if name is None or console.measure(table, options=console.options.update(width=10**4)).maximum <= console.width:
            break
        left_out.append(name)
    console.print(table)
    if left_out:
        names = ", ".join(column for column in columns if column in left_out)
        console.print(f"left out, for the terminal has {console.width} columns: {names}", highlight=False)


def _is_number(value):
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", str(value)))
