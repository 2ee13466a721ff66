"""The pages of the local server: what comes in, what is stored and published, and a simulated identity provider."""
