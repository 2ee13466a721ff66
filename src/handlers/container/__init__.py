"""State that the requests in one container share: admission by rate, log lines of refusals, requests under way."""
