"""Configuration as the documentation prints it, with its addresses replaced by those of the test."""

import re
from collections.abc import Mapping
from pathlib import Path

from harness.process import Failed

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs"


def printed(document: str, language: str, replaced: Mapping[str, str], heading: str = "") -> str:
    """The first block in this language below a heading. Every text to be replaced must be there."""
    text = (DOCUMENTS / document).read_text("utf-8")
    below = text.partition(f"\n{heading}\n")[2] if heading else text
    found = re.search(rf"^```{language}\n(.*?)^```", below, re.DOTALL | re.MULTILINE)
    if found is None:
        raise Failed(f"{document} has no block `{language}` below {heading or 'its beginning'}")
    block = found[1]
    for written, wanted in replaced.items():
        if written not in block:
            raise Failed(f"the block `{language}` of {document} does not name {written}")
        block = block.replace(written, wanted)
    return block
