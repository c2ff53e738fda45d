"""Texts that users gave, as files of an office can hold them."""

from __future__ import annotations

import re
from typing import Final

_CONTROL: Final = {code: 0x2400 + code for code in range(0x20) if code not in {0x09, 0x0A}}
_CONTROL[0x7F] = 0x2421
_NOT_IN_XML: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")


def clean(text: object) -> str:
    """A text without what XML cannot hold: control characters by their pictures, others by U+FFFD."""
    return _NOT_IN_XML.sub("\ufffd", str(text).replace("\r\n", "\n").translate(_CONTROL))


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, an ellipsis where some were left out."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
