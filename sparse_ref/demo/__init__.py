"""The main job on real input, as one page: two patterns drawn and timed, their theorems checked, other people's code judged."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from .judged import onnx_attention

__all__ = ["onnx_attention", "page"]

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f24; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #d0d7de; }
table { border-collapse: collapse; display: block; overflow-x: auto; } th, td { padding: .3rem .7rem; border-bottom: 1px solid #d0d7de; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { max-width: 100%; height: auto; } pre { overflow-x: auto; line-height: 1.15; background: #f6f8fa; padding: .6rem; }
.text { font: 13px/1.25 ui-monospace, monospace; white-space: pre; overflow-x: auto; background: #fff; border: 1px solid #d0d7de; padding: .6rem; }
.text .step1 { background: #9ecae9; } .text .step2 { background: #ffbf79; } .text .both { background: #b279a2; color: #fff; }
.text .query { background: #1b1f24; color: #fff; } .text .later { color: #b6bcc4; }
.good { color: #0550ae; font-weight: 600; } .bad { color: #bc4c00; font-weight: 600; }
"""


def page(folder: Path) -> Path:
    """Write index.html into `folder`, with everything it shows inside; its path. Raises RuntimeError where a theorem fails."""
    from . import judged, real_input, theorems
    jobs = [("an image", real_input.on_image), ("a text", real_input.on_text), ("what it costs", real_input.costs),
            ("path theorems", theorems.section), ("other people's code", judged.section)]
    parts = []
    with tqdm(jobs, bar_format="{desc:24} {n}/{total} [{elapsed}]") as progress:
        for name, job in progress:
            progress.set_description_str(name)
            parts.append(job())
        progress.set_description_str("done")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "index.html"
    target.write_text(f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>sparse_ref: strided and fixed attention, checked</title><style>{STYLE}</style></head><body>
<h1>Strided and fixed attention: drawn, timed, checked, and used to judge</h1>
<p>The patterns of Child et al. 2019 on a real image and a real text; their path theorems; and which keys implementations
written by others really attend to. Every number on this page was computed when it was made.</p>
{"".join(parts)}
</body></html>
""", encoding="utf-8")
    return target
