"""Sizes of everything drawn in the graph, in scene units (pixels at 100 %)."""

from __future__ import annotations

BOX_WIDTH = 228.0
BOX_HEIGHT = 38.0
BOX_RADIUS = 4.0
BAND_WIDTH = 28.0
GLYPH_SIZE = 16.0
THUMBNAIL_SIZE = 34.0
TEXT_PADDING = 8.0
FOLD_OFFSET = 4.0

BRACKET_GAP = 18.0
BRACKET_ARM = 8.0
BRACKET_INSET = 4.0
BRACKET_TICK = 6.0
LABEL_GAP = 6.0
LABEL_ROOM = 168.0

BADGE_GAP = 18.0
BADGE_WIDTH = 78.0
BADGE_HEIGHT = 20.0
BADGE_MAXIMUM = 180.0
EYE_SIZE = 14.0
BUTTON_GAP = 6.0
BUTTON_HEIGHT = 22.0
TIP_WIDTH = 224.0

ARROW_LENGTH = 7.0
ARROW_HALF_WIDTH = 4.0

FULL_FROM = 0.7
"""From this scale boxes show name, type and shape, and badges can be pressed."""
NAMES_FROM = 0.4
"""From this scale every layer has its name; below it, blocks have."""
NAMED_WIDTH, NAMED_HEIGHT = 180.0, 24.0
"""Screen pixels of a box between the two, as far as it has room."""
BLOCK_WIDTH, BLOCK_HEIGHT = 170.0, 14.0
"""Screen pixels that a block takes at least in height, and at most in width for its name."""
BLOCK_LEAST_WIDTH = 72.0
LEAST_LABEL_SCALE = 0.88
"""At a smaller scale badges and labels keep the size that they have at this one."""
STUB_STOP = 15.0
SHORT_STUB = 60.0
"""Pixels of a stub whose words have room at every scale from NAMES_FROM."""
SCALE_MINIMUM = 0.02
SCALE_MAXIMUM = 4.0
GLIDE_MS = 150


def label_growth(scale: float) -> float:
    """By how much badges and labels are drawn larger, so that their words have 10 pixels."""
    return max(1.0, LEAST_LABEL_SCALE / scale) if scale >= FULL_FROM else 1.0


def named_size(
    scale: float, left_room: float, right_room: float, reserved: float = 0.0
) -> tuple[float, float]:
    """Screen pixels of a box between NAMES_FROM and FULL_FROM.

    left_room, right_room: scene units free on either side of the box's middle; reserved: screen
    pixels at the right that a stub takes.
    """
    right = right_room * scale - reserved
    if reserved and right < BOX_WIDTH * scale / 2:  # no room for its words: the stop alone
        right = right_room * scale - STUB_STOP
    half = min(left_room * scale, right)
    width = max(BOX_WIDTH * scale, min(NAMED_WIDTH, 2 * half))
    return width, min(NAMED_HEIGHT, (BOX_HEIGHT + 12) * scale)
