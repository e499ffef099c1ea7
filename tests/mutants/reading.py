"""Faults in how files are read: what they are, how much of them, and what beside a net counts."""

from __future__ import annotations

from tests.mutants.mutation import Faults

READING = ("tests/core/test_reading.py",)
RECIPES = ("tests/core/images/test_recipe_choice.py",)

FAULTS: tuple[Faults, ...] = (
    Faults("core/reading.py", *READING)
    .plant(
        "twice as much is read",
        "n_bytes > self._most:",
        "n_bytes > 2 * self._most:",
    )
    .plant(
        "pipes and devices are opened",
        "    if words:\n        raise _Refused(",
        "    if False:\n        raise _Refused(",
    )
    .plant(
        "cancelling waits for the file",
        "        if is_cancelled is not None and is_cancelled():\n            raise ReadCancelled",
        "        if False:\n            raise ReadCancelled",
    )
    .plant(
        "what comes too late is kept",
        "            with suppress(OSError):\n                let_go(result)",
        "            with suppress(OSError):\n                del result",
    ),
    Faults("core/typed_json.py", "tests/core/test_typed_json.py")
    .plant("depth is not counted", "if depth > MOST_DEPTH:", "if depth < 0:")
    .plant("values are not counted", '+ text.count(",") > MOST_VALUES', "+ 0 > MOST_VALUES"),
    Faults("core/npy_file.py", "tests/core/test_npy_file.py").plant(
        "a header is believed", "if n_bytes > n_there:", "if False:"
    ),
    Faults("core/images/recipe_choice.py", *RECIPES)
    .plant("the mean beside is not looked at", "        recipe.check_mean_image()\n", "")
    .plant(
        "a recipe beside that is damaged ends the job",
        "    except ImageError as problem:\n        return _without_beside(",
        "    except RecursionError as problem:\n        return _without_beside(",
    ),
    Faults("core/images/path_list.py", "tests/core/images/test_finding.py").plant(
        "a line is read in every way", "islice(places, _MOST_READINGS)", "places"
    ),
)
