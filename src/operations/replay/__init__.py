"""Publishing the present state of users and groups again (docs/decisions/062)."""
