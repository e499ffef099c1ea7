"""Fields of a V1 layer where V2 has them: sharing and learning rates, data transformations.

After BVLC/caffe src/caffe/util/upgrade_proto.cpp.
"""

from __future__ import annotations

from dataclasses import replace

from core.net.message import NOWHERE, Field, Message

DATA_PARAMETERS = {
    "Data": "data_param",
    "ImageData": "image_data_param",
    "WindowData": "window_data_param",
}
"""Data layers whose transformation once stood among their other parameters."""

_TRANSFORM = ("scale", "mean_file", "crop_size", "mirror")
_PARAM_COLUMNS = {
    "param": "name",
    "blob_share_mode": "share_mode",
    "blobs_lr": "lr_mult",
    "weight_decay": "decay_mult",
}


def message_field(name: str, fields: tuple[Field, ...], parent: Message) -> Field:
    """A message Caffe's upgrade makes; it stands where its first field was written."""
    message = Message(fields, fields[0].span if fields else NOWHERE, parent.source)
    return Field(name, message, message.span, message.span)


def with_v2_params(view: Message) -> Message:
    """`param`, `blob_share_mode`, `blobs_lr`, `weight_decay` as one `param` message an array."""
    columns: dict[str, list[Field]] = {}
    for field in view.fields:
        if field.name in _PARAM_COLUMNS and not isinstance(field.value, Message):
            columns.setdefault(_PARAM_COLUMNS[field.name], []).append(field)
    if not columns:
        return view
    rows = []
    for i in range(max(map(len, columns.values()))):
        written = tuple(
            replace(fields[i], name=name) for name, fields in columns.items() if i < len(fields)
        )
        rows.append(message_field("param", written, view))
    kept = (field for field in view.fields if field.name not in _PARAM_COLUMNS)
    return replace(view, fields=(*kept, *rows))


def with_v2_transform(view: Message, type_name: str) -> Message:
    """Crop, scale, mirror and mean of a V1 data layer, which override its `transform_param`."""
    home = DATA_PARAMETERS.get(type_name, "")
    source = view.message(home)
    moved = tuple(field for field in source.fields if field.name in _TRANSFORM)
    if not moved:
        return view
    names = {field.name for field in moved}
    kept = tuple(f for f in view.message("transform_param").fields if f.name not in names)
    left = tuple(field for field in source.fields if field.name not in _TRANSFORM)
    others = (field for field in view.fields if field.name not in (home, "transform_param"))
    data = message_field(home, left, view)
    return replace(
        view, fields=(*others, data, message_field("transform_param", kept + moved, view))
    )
