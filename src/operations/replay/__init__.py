"""Publishing the current state of users and groups again (docs/decisions/062)."""
