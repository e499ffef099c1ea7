"""The window: everything here may use Qt, nothing in core does."""

import logging

# As in core: nothing is printed on the terminal where no log was started.
logging.getLogger(__name__).addHandler(logging.NullHandler())
