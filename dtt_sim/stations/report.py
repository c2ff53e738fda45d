"""What became of a list, for people and for machines."""

from __future__ import annotations

from typing import Any

from dtt_sim.stations.importing import Imported, RowFate

_FATES = {"noted": "taken with a note", "refused": "refused", "left out": "left out"}


def as_text(imported: Imported) -> str:
    """Headings understood, remarks, and every row that was not simply taken."""
    sheet, layout = imported.sheet, imported.layout
    lines = [f"{sheet.where}: {len(imported.fates)} {sheet.row_word}s{_below(imported)}"]
    used = [
        f"{c.heading} -> {_name(c.meaning.field, c.meaning.unit)}"
        for c in layout.columns
        if c.meaning.field != "ignore"
    ]
    if used and all(c.meaning.is_own for c in layout.columns if c.meaning.field != "ignore"):
        lines.append("  columns: those of a station table")
    elif used:
        lines.append("  columns: " + "; ".join(used))
    lines += [f"  {text}" for text in imported.remarks]
    for fate, title in _FATES.items():
        groups: dict[tuple[str, ...], list[RowFate]] = {}
        for row in imported.fates:
            if row.fate == fate:
                said = [*row.reasons] if fate != "noted" else []
                if fate == "noted":
                    said += [n.text + (" [a guess]" if n.is_doubt else "") for n in row.notes]
                groups.setdefault(tuple(said), []).append(row)
        if groups:
            lines.append(f"{title}:")
        for texts, rows in groups.items():
            lines.append(f"  {_who(rows, sheet.row_word)}:")
            lines += [f"    {text}" for text in texts]
    return "\n".join(lines)


def summary(imported: Imported) -> str:
    """Counts of the fates in a line."""
    taken, noted = imported.count("taken", "noted"), imported.count("noted")
    out = imported.count("left out")
    return (
        f"taken {taken}{f' ({noted} with a note)' if noted else ''}, "
        f"refused {imported.count('refused')}{f', left out {out}' if out else ''}"
    )


def as_json(imported: Imported) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": imported.sheet.file,
        "sheet": imported.sheet.name,
        "header_rows": list(imported.layout.header_rows),
        "columns": [
            {"heading": c.heading, "field": c.meaning.field, "unit": c.meaning.unit}
            for c in imported.layout.columns
        ],
        "columns_left_out": imported.layout.unknown,
        "remarks": imported.remarks,
        "taken": imported.count("taken", "noted"),
        "refused": imported.count("refused"),
        "left_out": imported.count("left out"),
        "rows": [
            {
                "row": row.number,
                "site": row.label,
                "id": row.id,
                "fate": row.fate,
                "notes": [{"text": n.text, "is_guess": n.is_doubt} for n in row.notes],
                "reasons": list(row.reasons),
            }
            for row in imported.fates
        ],
    }


def _below(imported: Imported) -> str:
    numbers = imported.layout.header_rows
    if imported.sheet.has_names or not numbers:
        return ""
    span = f" {numbers[0]}" if len(numbers) == 1 else f"s {numbers[0]}-{numbers[-1]}"
    return f" below the headings in {imported.sheet.row_word}{span}"


def _name(field: str, unit: str) -> str:
    return f"{field} [{unit}]" if unit else field


def _who(rows: list[RowFate], word: str) -> str:
    """Rows of one fate: one by its name, many by their numbers."""
    if len(rows) == 1:
        label = f" ({rows[0].label})" if rows[0].label else ""
        return f"{word} {rows[0].number}{label}"
    spans: list[list[int]] = []
    for row in rows:
        if spans and row.number == spans[-1][1] + 1:
            spans[-1][1] = row.number
        else:
            spans.append([row.number, row.number])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in spans]
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return f"{word}s {', '.join(shown[:12])}{more}"
