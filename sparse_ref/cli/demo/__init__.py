"""A page on real input: patterns drawn and timed, their theorems, other people's code checked."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from .implementations import onnx_attention

__all__ = ["onnx_attention", "page"]

BAR = "{desc:24} {n}/{total} [{elapsed}]"
HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sparse_ref: strided and fixed attention, checked</title><style>{style}</style></head><body>
<h1>Strided and fixed attention: drawn, timed, checked, and used to check others</h1>
<p>The patterns of Child et al. 2019 on a real image and a real text; their path theorems; and which
keys implementations written by others really attend to. Every number on this page was computed when
it was made.</p>
"""


def page(folder: Path) -> Path:
    """Write index.html, which needs no other file, into `folder`; its path.

    Raises RuntimeError if a theorem does not end as expected.
    """
    from . import implementations, playground, real_input, theorems

    sections = {
        "an image": real_input.on_image,
        "a text": real_input.on_text,
        "what it costs": real_input.costs,
        "path theorems": theorems.section,
        "other people's code": implementations.section,
        "an explorer": playground.section,
    }
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    with tqdm(sections.items(), bar_format=BAR, disable=None) as progress:
        for name, section in progress:
            progress.set_description_str(name)
            parts.append(section())
    style = (Path(__file__).parent / "style.css").read_text()
    target = folder / "index.html"
    text = f"{HEAD.format(style=style)}{''.join(parts)}\n</body></html>\n"
    target.write_text(text, encoding="utf-8")
    return target
