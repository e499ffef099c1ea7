"""Saying what a prototxt without layers is, in place of showing an empty net."""

from __future__ import annotations

from core.errors import NetError
from core.net.definition import Net
from core.net.schema import caffe_schema
from core.words import plural_with

_OPEN_THE_NET = "Open the prototxt of the net itself."
_OTHER_KINDS = {
    "item": "is a label map, which names the classes of a detection net",
    "node": "is a graph of TensorFlow",
    "train_config": "is a configuration of TensorFlow's detection models",
    "model_config_list": "is a configuration of TensorFlow Serving",
    "max_batch_size": "is a configuration of the Triton server",
}
_MOST_NAMED = 5


def check_has_layers(net: Net, file_name: str) -> None:
    """Raise NetError for a file that has no layers in the state it was read in."""
    if net.layers:
        return
    if net.inactive:
        raise NetError(
            f"{file_name} has no layers in the {net.state.phase} phase.",
            hint=f"Its {plural_with(len(net.inactive), 'layer', 'belongs', 'belong')} to others: "
            "see --phase, --level, --stage.",
        )
    if not net.text.strip("\ufeff \t\r\n"):
        raise NetError(f"{file_name} is empty.", hint="Download or copy it again.")
    raise _no_net(file_name, tuple(dict.fromkeys(field.name for field in net.root.fields)))


def _no_net(file_name: str, fields: tuple[str, ...]) -> NetError:
    kind = next((words for field, words in _OTHER_KINDS.items() if field in fields), "")
    if kind:
        return NetError(f"{file_name} {kind}; it describes no layers.", hint=_OPEN_THE_NET)
    solver = caffe_schema().messages["SolverParameter"]
    if fields and all(field in solver for field in fields):
        return NetError(f"{file_name} is a solver that names no net.", hint=_OPEN_THE_NET)
    if not fields:
        return NetError(f"{file_name} has comments only, so it is no net.", hint=_OPEN_THE_NET)
    named = ", ".join(fields[:_MOST_NAMED]) + (" ..." if len(fields) > _MOST_NAMED else "")
    return NetError(
        f"{file_name} describes no layers, so it is no net.", hint=f"It has the fields {named}."
    )
