"""The main job on real input, as one page: two patterns drawn and timed, their theorems checked, other people's code judged."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from .judged import onnx_attention

__all__ = ["onnx_attention", "page"]


def page(folder: Path) -> Path:
    """Write index.html into `folder`, with everything it shows inside; its path. Raises RuntimeError where a theorem fails."""
    from . import judged, real_input, theorems

    jobs = [
        ("an image", real_input.on_image),
        ("a text", real_input.on_text),
        ("what it costs", real_input.costs),
        ("path theorems", theorems.section),
        ("other people's code", judged.section),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    with tqdm(jobs, bar_format="{desc:24} {n}/{total} [{elapsed}]") as progress:
        for name, job in progress:
            progress.set_description_str(name)
            parts.append(job())
    style = (Path(__file__).parent / "style.css").read_text()
    target = folder / "index.html"
    target.write_text(
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>sparse_ref: strided and fixed attention, checked</title><style>{style}</style></head><body>
<h1>Strided and fixed attention: drawn, timed, checked, and used to judge</h1>
<p>The patterns of Child et al. 2019 on a real image and a real text; their path theorems; and which keys implementations
written by others really attend to. Every number on this page was computed when it was made.</p>
{"".join(parts)}
</body></html>
""",
        encoding="utf-8",
    )
    return target
