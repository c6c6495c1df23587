"""Every corpus of others, shuffled, partly twice and split over two feeds, folds to the digest it had in order."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from shuffles import as_it_came, as_sent, corpus_messages, folded, read_by_arrival


def _corpora(shared_data: Path) -> dict[str, list[bytes]]:
    found = {
        path.name: corpus_messages(path) for path in sorted(shared_data.iterdir()) if path.name.startswith("hl7v2-")
    }
    return {name: messages for name, messages in found.items() if messages}


@pytest.mark.parametrize("seed", [1])
def test_every_corpus_in_any_order_folds_to_one_digest(shared_data: Path, tmp_path: Path, seed: int) -> None:
    if not os.environ.get("CODEDARK_REAL"):
        pytest.skip("DID NOT RUN corpus by corpus: with CODEDARK_REAL=1, as script/soak does; all as one hospital runs")
    differing = []
    corpora = _corpora(shared_data)
    for name, messages in corpora.items():
        shuffled = folded(as_it_came(messages, random.Random(seed)), tmp_path / f"{name}-b")
        if folded(as_sent(messages), tmp_path / f"{name}-a") != shuffled:
            differing.append(name)
    print(f"{sum(map(len, corpora.values()))} messages of {len(corpora)} corpora")
    assert differing == []


def test_all_corpora_as_one_hospital_fold_to_one_digest(shared_data: Path, tmp_path: Path) -> None:
    everything = [message for messages in _corpora(shared_data).values() for message in messages]
    in_order = folded(as_sent(everything), tmp_path / "a")
    assert folded(as_it_came(everything, random.Random(3)), tmp_path / "b") == in_order


def test_control_the_last_to_arrive_would_win_in_real_messages(shared_data: Path, tmp_path: Path) -> None:
    messages = _corpora(shared_data)["hl7v2-linuxforhealth"]
    first = folded(as_sent(messages), tmp_path / "a", read=read_by_arrival)
    assert first != folded(as_it_came(messages, random.Random(1)), tmp_path / "b", read=read_by_arrival)
