"""Elements and fields of a Word document that its library does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docx.text.paragraph import Paragraph


def element(name: str, /, **attributes: str) -> Any:
    """An element of Word's namespace with attributes of it."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    return made


def run_of(p: Paragraph, child: Any) -> None:
    """Append a run with one child to a paragraph."""
    run = element("w:r")
    run.append(child)
    p._p.append(run)


def add_field_parts(
    p: Paragraph, part: str, code: str = "", *, is_dirty: bool = False
) -> None:  # fmt: skip
    """The beginning of a field, up to its result, or its end."""
    if part == "end":
        run_of(p, element("w:fldChar", fldCharType="end"))
        return
    dirty = {"dirty": "true"} if is_dirty else {}
    run_of(p, element("w:fldChar", fldCharType="begin", **dirty))
    instruction = element("w:instrText")
    instruction.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    instruction.text = f" {code} "
    run_of(p, instruction)
    run_of(p, element("w:fldChar", fldCharType="separate"))


def add_field(p: Paragraph, code: str, result: str) -> None:
    """A field with what it shows until Word counts again."""
    add_field_parts(p, "begin", code)
    p.add_run(result)
    add_field_parts(p, "end")


def link_to(p: Paragraph, text: str, bookmark: str) -> None:
    """Append a link to a bookmark of the same document."""
    link = element("w:hyperlink", anchor=bookmark, history="1")
    run = element("w:r")
    body = element("w:t")
    body.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    body.text = text
    run.append(body)
    link.append(run)
    p._p.append(link)


def paragraph_after(p: Paragraph, style: str) -> Paragraph:
    """A new paragraph behind another."""
    from docx.text.paragraph import Paragraph as New

    made = element("w:p")
    p._p.addnext(made)
    new = New(made, p._parent)
    new.style = style
    return new
