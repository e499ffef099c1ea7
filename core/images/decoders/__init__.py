"""Child processes that decode pictures, with limits on what a file can make them do."""
