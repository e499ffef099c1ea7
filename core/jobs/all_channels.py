"""All channels: every layer over many images in one pass, each kept as `channels` keeps one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.engines.engine import Engine
from core.engines.host import EngineHost
from core.engines.values import Value
from core.errors import AppError, RequestError
from core.jobs.channels import (
    ChannelsRequest,
    ReadPlan,
    make_place,
    place_of_tables,
    plan_reading,
    read_images,
    read_note,
)
from core.jobs.open import net_of
from core.jobs.values import every_value
from core.progress import Job, Progress
from core.surveys.channel_matrix import columns_of
from core.surveys.feed import plan_feed
from core.surveys.part_files import PartFiles, request_digest
from core.surveys.survey import SurveyReport

_MOST_HELD = 256
"""Images whose numbers are in memory at once: about 0.4 MB each for VGG16."""


@dataclass(frozen=True, eq=False)
class AllChannels:
    """Whose tables are kept in `folder` now, and which of them this pass has read.

    left_out: values without channels, or that the engine can't compute, and why. report: None
    where all had been read before.
    """

    folder: Path
    values: tuple[Value, ...]
    read: tuple[Value, ...]
    left_out: tuple[tuple[Value, str], ...]
    report: SurveyReport | None = None


def all_channels(request: ChannelsRequest, host: EngineHost) -> Job[AllChannels]:
    """Read what is not kept yet; `channels` then gives the table of any layer without a pass.

    request: its layer does not count. A pass that is cancelled or killed goes on where it stood.
    Raises AppError where no layer has channels or no image can be used.
    """
    yield Progress(0, 0, "looking for what is kept")
    place = place_of_tables(request)
    if place is None:
        raise RequestError("Tables of all layers need a folder to be kept in.")
    plans, left_out = yield from _plans(request)
    missing = [plan for plan in plans if read_note(plan, place) is None]
    report, read = None, tuple[Value, ...]()
    if missing:
        make_place(place, missing)
        with host.opened(request.net) as engine:
            able = [plan for plan in missing if not engine.obstacles([plan.value])]
            if able:
                report = yield from _read(able, engine, place)
        read = tuple(plan.value for plan in able)
        lost = [plan.value for plan in missing if plan not in able]
        left_out += [(value, "This engine can't compute it.") for value in lost]
        plans = [plan for plan in plans if plan.value not in lost]
    if not plans:
        raise AppError("No layer of this net has channels to compare.", hint=left_out[0][1])
    return AllChannels(place, tuple(plan.value for plan in plans), read, tuple(left_out), report)


def _plans(
    request: ChannelsRequest,
) -> Job[tuple[list[ReadPlan], list[tuple[Value, str]]]]:
    """The values with channels that the pictures of one input lead to; and the others, with why."""
    net, _ = net_of(request.net)
    values = every_value(net)
    plans: list[ReadPlan] = []
    left_out = []
    for done, (value, (plan, reason)) in enumerate(
        zip(values, plan_reading(request, values), strict=True)
    ):
        yield Progress(done, len(values), "layers looked at")
        if plan is None:
            left_out.append((value, reason))
        elif plans and plan.feed.picture != plans[0].feed.picture:
            left_out.append((value, f"It reads {plan.feed.picture}, another input."))
        else:
            plans.append(plan)
    return plans, left_out


def _read(plans: Sequence[ReadPlan], engine: Engine, place: Path) -> Job[SurveyReport]:
    net, shapes = net_of(plans[0].request.net)
    feed = plan_feed(net, shapes, [plan.value for plan in plans])
    n_columns = sum(len(columns_of(is_vector=plan.is_vector)) for plan in plans)
    parts = PartFiles(place / "all", n_columns, request_digest({"all": [p.digest for p in plans]}))
    with closing(parts):
        report, _ = yield from read_images(plans, feed, engine, parts, place, _MOST_HELD)
    return report
