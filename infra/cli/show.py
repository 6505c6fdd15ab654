"""Print answers: JSON for programs, aligned columns for people."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def show_json(value: Any) -> None:
    """One JSON document."""
    print(json.dumps(value, indent=2, sort_keys=True))


def show_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    """A table of the named columns, or the whole rows as JSON."""
    if as_json:
        show_json(list(rows))
        return
    table = [list(columns), *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(columns))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show_fields(row: Mapping[str, Any], *, as_json: bool) -> None:
    """One thing, a field a line, or as JSON."""
    if as_json:
        show_json(row)
        return
    width = max(len(name) for name in row) if row else 0
    for name, value in row.items():
        print(f"{name.ljust(width)}  {_text(value)}")


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value)
