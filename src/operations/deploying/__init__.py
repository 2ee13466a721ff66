"""What `make deploy` looks at before it deploys, and what it makes of it."""
