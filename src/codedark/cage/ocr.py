"""The trade that proposes text for pixels: RapidOCR with the models of its wheel. Runs in the cage only, offline.

It gets pixels that the other trade decoded, never a file, and what it says is a proposal for a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy
from rapidocr import RapidOCR

from codedark.cage.trade import Answer, Work

_INK, _MARGIN = 200, 24


def prepare(settings: dict[str, Any]) -> Work:
    """Load the models and read one small picture, so that nothing is loaded later."""
    cv2.setNumThreads(1)
    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "EngineConfig.onnxruntime.intra_op_num_threads": settings["threads"],
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    sample = numpy.full((96, 320), 255, numpy.uint8)
    cv2.putText(sample, "12:30 mg", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 0, 3)
    engine(sample, use_det=True, use_cls=True, use_rec=True)

    def work(head: dict[str, Any], blob: bytes) -> Iterator[Answer]:
        """One picture in; its lines, or what stands in each of its regions, out."""
        shape = (head["height"], head["width"]) + ((3,) if head["channels"] == 3 else ())
        picture = numpy.frombuffer(blob, numpy.uint8).reshape(shape)
        if head["channels"] == 3:
            picture = picture[:, :, ::-1]  # the engine wants blue first
        regions = head["regions"]
        yield {"lines": _whole(engine, picture) if regions is None else _pieces(engine, picture, regions)}, b""

    return work


def _whole(engine: Any, picture: Any) -> list[dict[str, Any]]:
    """Find lines, then read them. `box`: the hull of the found quadrangle, left, top, right, bottom in pixels."""
    left, top, right, bottom = _inked(picture)
    if right <= left:
        return []
    found = engine(numpy.ascontiguousarray(picture[top:bottom, left:right]), use_det=True, use_cls=True, use_rec=True)
    if found.boxes is None or found.txts is None:
        return []
    return [
        {"text": text, "score": float(score), "box": _hull(box, left, top)}
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
    ]


def _inked(picture: Any) -> tuple[int, int, int, int]:
    """Where there is ink, with a margin: on a page that is nearly all white the detector finds nothing."""
    dark = (picture if picture.ndim == 2 else picture.min(axis=2)) < _INK
    rows, columns = numpy.flatnonzero(dark.any(axis=1)), numpy.flatnonzero(dark.any(axis=0))
    if not rows.size:
        return 0, 0, 0, 0
    height, width = dark.shape
    return (
        max(0, int(columns[0]) - _MARGIN),
        max(0, int(rows[0]) - _MARGIN),
        min(width, int(columns[-1]) + _MARGIN),
        min(height, int(rows[-1]) + _MARGIN),
    )


def _pieces(engine: Any, picture: Any, regions: list[list[int]]) -> list[dict[str, Any]]:
    """Read each region as one line, without looking for lines in it. One answer for each region, in order."""
    lines = []
    for left, top, right, bottom in regions:
        piece = numpy.ascontiguousarray(picture[top:bottom, left:right])
        found = engine(piece, use_det=False, use_cls=False, use_rec=True) if piece.size else None
        text, score = (found.txts[0], float(found.scores[0])) if found is not None and found.txts else ("", 0.0)
        lines.append({"text": text, "score": score, "box": [left, top, right, bottom]})
    return lines


def _hull(box: Any, left: int, top: int) -> list[float]:
    across, down = box[:, 0] + left, box[:, 1] + top
    return [float(across.min()), float(down.min()), float(across.max()), float(down.max())]
