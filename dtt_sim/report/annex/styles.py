"""Styles, page and numbering of the annex: A4, Times New Roman, margins of Decree 30/2020/NĐ-CP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dtt_sim.report.annex.elements import add_field, element

if TYPE_CHECKING:
    from docx.document import Document

    from dtt_sim.report.language import Language

FONT: Final = "Times New Roman"
BODY, CENTRE, NOTE = "Annex Text", "Annex Centre", "Annex Note"
TITLE, APPENDIX, WARNING = "Annex Title", "Annex Appendix", "Annex Warning"
CELL, SMALL_CELL, CAPTION = "Annex Cell", "Annex Small Cell", "Caption"
PLACEHOLDER, STRONG, MARK = "Annex Placeholder", "Annex Strong", "Annex Mark"
BODY_PT: Final = 13.0
TABLE_PT, SMALL_PT, NOTE_PT = 12.0, 10.0, 11.0
LOCALES: Final = {"vi": "vi-VN", "en": "en-GB"}


def new_document(language: Language) -> Document:
    """An empty document with page, styles and numbering."""
    import docx
    from docx.shared import Mm

    document = docx.Document()
    for section in document.sections:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin = section.bottom_margin = Mm(20)
        section.left_margin, section.right_margin = Mm(30), Mm(20)
        section.header_distance = section.footer_distance = Mm(10)
        section.different_first_page_header_footer = True
        _number_pages(section.header.paragraphs[0])
    _default_language(document, LOCALES.get(language.code, language.code))
    _paragraph_styles(document)
    _character_styles(document)
    _headings(document)
    _number_headings(document, language("document_appendix.label"))
    _update_fields(document)
    core = document.core_properties
    core.author = core.comments = core.last_modified_by = ""
    core.language = LOCALES.get(language.code, language.code)
    return document


def _number_pages(p: Any) -> None:
    """Page numbers at the top in the middle, none on the first page: article 8 of the form."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    p.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_field(p, "PAGE", "2")


def _font(style: Any, size_pt: float) -> None:
    """One font for every script; the template's would differ in headings."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.name, style.font.size = FONT, Pt(size_pt)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    for key in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{key}"), None)
    for key in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{key}"), FONT)
    size = style.element.rPr.find(qn("w:szCs"))
    if size is None:
        size = element("w:szCs")
        style.element.rPr.append(size)
    size.set(qn("w:val"), str(round(2 * size_pt)))


def _default_language(document: Document, locale: str) -> None:
    from docx.oxml.ns import qn

    defaults = document.styles.element.find(qn("w:docDefaults"))
    language = defaults.find(f"{qn('w:rPrDefault')}/{qn('w:rPr')}/{qn('w:lang')}")
    for key in ("val", "eastAsia"):
        language.set(qn(f"w:{key}"), locale)


def _paragraph_styles(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
    from docx.enum.text import WD_TAB_ALIGNMENT, WD_TAB_LEADER
    from docx.shared import Mm, Pt

    _font(document.styles["Normal"], BODY_PT)
    for name, size, align, before, after, spacing in (
        (BODY, BODY_PT, ALIGN.JUSTIFY, 0, 6, 1.15),
        (CENTRE, BODY_PT, ALIGN.CENTER, 0, 3, 1.0),
        (TITLE, 14.0, ALIGN.CENTER, 12, 6, 1.0),
        (WARNING, BODY_PT, ALIGN.CENTER, 6, 10, 1.0),
        (NOTE, NOTE_PT, ALIGN.JUSTIFY, 3, 6, 1.0),
        (CELL, TABLE_PT, ALIGN.LEFT, 1, 1, 1.0),
        (SMALL_CELL, SMALL_PT, ALIGN.LEFT, 1, 1, 1.0),
        (CAPTION, BODY_PT, ALIGN.CENTER, 6, 4, 1.0),
        ("TOC 1", BODY_PT, ALIGN.LEFT, 0, 3, 1.0),
        ("TOC 2", BODY_PT, ALIGN.LEFT, 0, 2, 1.0),
    ):
        known = [style.name for style in document.styles]
        style: Any = (
            document.styles[name] if name in known
            else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        )  # fmt: skip
        _font(style, size)
        style.base_style = document.styles["Normal"]
        style.paragraph_format.alignment = align
        style.paragraph_format.space_before, style.paragraph_format.space_after = (
            Pt(before), Pt(after),
        )  # fmt: skip
        style.paragraph_format.line_spacing = spacing
    styles: Any = document.styles
    styles[BODY].paragraph_format.first_line_indent = Mm(10)
    styles[TITLE].font.bold = styles[WARNING].font.bold = styles[CAPTION].font.bold = True
    styles[TITLE].paragraph_format.keep_with_next = True
    styles[CAPTION].font.italic = False
    styles[NOTE].font.italic = True
    styles["TOC 2"].paragraph_format.left_indent = Mm(7)
    for name in ("TOC 1", "TOC 2"):
        stops = styles[name].paragraph_format.tab_stops
        stops.add_tab_stop(Mm(160), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
    _frame(styles[WARNING])


def _frame(style: Any) -> None:
    lines = element("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        lines.append(element(f"w:{side}", val="single", sz="8", space="4", color="000000"))
    # Where the schema wants it: before spacing and alignment.
    style.element.get_or_add_pPr().insert(0, lines)


def _character_styles(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE

    for name in (PLACEHOLDER, STRONG, MARK):
        style: Any = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        style.font.name = FONT
        style.font.bold = name == STRONG or None
        style.font.italic = name in {PLACEHOLDER, MARK} or None
        if name == PLACEHOLDER:
            # Shading and no highlight, which styles cannot hold in Word.
            style.element.get_or_add_rPr().append(
                element("w:shd", val="clear", color="auto", fill="FFF2A8")
            )


def _headings(document: Document) -> None:
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Pt

    appendix: Any = document.styles.add_style(APPENDIX, WD_STYLE_TYPE.PARAGRAPH)
    appendix.base_style = document.styles["Normal"]
    for name, size, italic in (
        ("Heading 1", 14.0, False), ("Heading 2", BODY_PT, False), ("Heading 3", BODY_PT, True),
        (APPENDIX, 14.0, False),
    ):  # fmt: skip
        style: Any = document.styles[name]
        _font(style, size)
        style.font.bold, style.font.italic = True, italic
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(12), Pt(6)
        style.paragraph_format.keep_with_next = True
        style.next_paragraph_style = document.styles[BODY]
    # An appendix is an entry of the table of contents as a heading is.
    appendix.element.get_or_add_pPr().append(element("w:outlineLvl", val="0"))


def _number_headings(document: Document, appendix: str) -> None:
    """Numbers I., 1., a) of headings, and "Appendix A." of appendices, that Word counts."""
    from docx.oxml.ns import qn

    numbering = document.part.numbering_part.element
    levels = (
        ("Heading1", "upperRoman", "%1."), ("Heading2", "decimal", "%2."),
        ("Heading3", "lowerLetter", "%3)"),
    )  # fmt: skip
    lists = (
        (90, levels),
        (91, ((APPENDIX.replace(" ", ""), "upperLetter", f"{appendix} %1."),)),
    )
    first_num = numbering.find(qn("w:num"))
    for id_, own in lists:
        abstract = element("w:abstractNum", abstractNumId=str(id_))
        abstract.append(element("w:multiLevelType", val="multilevel"))
        for k, (style, kind, text) in enumerate(own):
            level = element("w:lvl", ilvl=str(k))
            for child in (
                element("w:start", val="1"), element("w:numFmt", val=kind),
                element("w:pStyle", val=style), element("w:suff", val="space"),
                element("w:lvlText", val=text), element("w:lvlJc", val="left"),
            ):  # fmt: skip
                level.append(child)
            format_ = element("w:pPr")
            format_.append(element("w:ind", left="0", firstLine="0"))
            level.append(format_)
            abstract.append(level)
        first_num.addprevious(abstract)
        num = element("w:num", numId=str(id_))
        num.append(element("w:abstractNumId", val=str(id_)))
        numbering.append(num)
        for k, (style, _, _) in enumerate(own):
            _use_number(document, style, id_, k)


def _use_number(document: Document, style_id: str, num: int, level: int) -> None:
    style = next(s for s in document.styles if s.style_id == style_id)
    about: Any = style.element.get_or_add_pPr()
    number = about.get_or_add_numPr()
    number.get_or_add_ilvl().val = level
    number.get_or_add_numId().val = num


def _update_fields(document: Document) -> None:
    """Word counts captions and pages when the document is opened."""
    from docx.oxml.ns import qn

    settings = document.settings.element
    after = {qn(f"w:{name}") for name in ("hdrShapeDefaults", "footnotePr", "endnotePr", "compat")}
    # The schema has an order, and Word keeps to it.
    at = next((k for k, one in enumerate(settings) if one.tag in after), len(settings))
    settings.insert(at, element("w:updateFields", val="true"))
