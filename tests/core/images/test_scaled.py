"""Pictures at another scale, held against torch's bilinear interpolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.images.scaled import scaled_pictures


@pytest.mark.parametrize("scale", [0.5, 0.5**0.5, 2**0.5, 2.0, 0.01])
def test_scales_are_those_of_torch(scale: float) -> None:
    pictures = np.random.default_rng(0).uniform(-120, 150, (2, 3, 41, 60)).astype(np.float32)
    found = scaled_pictures(pictures, scale)
    size = max(1, int(41 * scale)), max(1, int(60 * scale))
    wanted = torch.nn.functional.interpolate(torch.from_numpy(pictures), size, mode="bilinear")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-3)
