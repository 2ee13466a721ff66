"""The environment of each function. Each has its own file, so that no function imports what only others need."""
