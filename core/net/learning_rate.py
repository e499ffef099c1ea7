"""The learning rate of each iteration, by Caffe's policies."""

from __future__ import annotations

import math

from core.net.solver_settings import SolverSettings


class LearningRate:
    """Gives the rate of iterations that are asked for one after the other.

    step: how many of the steps of a policy with steps lie behind, as a .solverstate keeps it. After
    BVLC/caffe src/caffe/solvers/sgd_solver.cpp GetLearningRate.
    """

    def __init__(self, settings: SolverSettings, step: int = 0) -> None:
        self._settings = settings
        self.step = step

    def at(self, iteration: int) -> float:
        """The rate of an iteration, from 0; NaN where Caffe gets NaN."""
        known = self._settings
        base, gamma = known.base_lr, known.gamma
        if known.lr_policy == "step":
            self.step = iteration // known.stepsize
            return base * _power(gamma, self.step)
        if known.lr_policy == "multistep":
            # one step an iteration at most, so that equal values act one after the other
            values = known.stepvalue
            if self.step < len(values) and iteration >= values[self.step]:
                self.step += 1
            return base * _power(gamma, self.step)
        if known.lr_policy == "exp":
            return base * _power(gamma, iteration)
        if known.lr_policy == "inv":
            return base * _power(1.0 + gamma * iteration, -known.power)
        if known.lr_policy == "poly":
            share = 1.0 - iteration / known.max_iter if known.max_iter else math.nan
            return base * _power(share, known.power)
        if known.lr_policy == "sigmoid":
            return base / (1.0 + math.exp(-gamma * (iteration - known.stepsize)))
        return base


def _power(base: float, exponent: float) -> float:
    """As C's pow: NaN for a root of what is below 0, 1 for the power 0."""
    try:
        found = math.pow(base, exponent)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf
    return found
