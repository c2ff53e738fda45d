"""Where in a TOML file each key stands, so that a message can name the line."""

from __future__ import annotations

from typing import Any

KeyPath = tuple[str | int, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line (1-based) of every key and table of a TOML text, by its path."""
    import tree_sitter_toml
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_toml.language())).parse(text.encode()).root_node
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    for node in root.children:
        if node.type == "pair":
            _pair(node, (), lines)
        elif node.type in {"table", "table_array_element"}:
            name: KeyPath = _key(next(c for c in node.children if c.is_named))
            if node.type == "table_array_element":
                index = counts.get(name, 0)
                counts[name] = index + 1
                lines.setdefault(name, node.start_point[0] + 1)
                name = (*name, index)
            _mark(name, node, lines)
            for child in node.children:
                if child.type == "pair":
                    _pair(child, name, lines)
    return lines


def _mark(path: KeyPath, node: Any, lines: dict[KeyPath, int]) -> None:
    for end in range(1, len(path)):
        lines.setdefault(path[:end], node.start_point[0] + 1)
    lines[path] = node.start_point[0] + 1


def _pair(node: Any, parent: KeyPath, lines: dict[KeyPath, int]) -> None:
    named = [child for child in node.children if child.is_named]
    path = parent + _key(named[0])
    _mark(path, node, lines)
    if named[-1].type == "inline_table":
        for child in named[-1].children:
            if child.type == "pair":
                _pair(child, path, lines)


def _key(node: Any) -> KeyPath:
    if node.type == "dotted_key":
        return tuple(part for child in node.children if child.is_named for part in _key(child))
    text = node.text.decode()
    return (text[1:-1] if node.type == "quoted_key" else text,)
