"""What an evaluation found, in a line."""

from __future__ import annotations

from core.retrieval.evaluation import Evaluation
from core.words import percent_number


def evaluation_words(found: Evaluation) -> str:
    """ "mAP 61.2 % (95 %: 59.0 to 63.4), P@1 0.84, P@10 0.62; random descriptors reach 10.0 %"."""
    return (
        f"mAP {percent_number(found.mean_ap)} % (95 %: {percent_number(found.mean_ap_low)} to "
        f"{percent_number(found.mean_ap_high)}), P@1 {found.p_at_1:.2f}, P@10 "
        f"{found.p_at_10:.2f}; random descriptors reach {percent_number(found.mean_ap_of_chance)} %"
    )
