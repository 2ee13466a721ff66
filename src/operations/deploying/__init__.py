"""What `make deploy` looks at before it deploys, and the adoption of what an earlier stack left."""
