"""`make verify-aws`: deploy a stack of its own to AWS, try and measure it, delete it, and write down the results."""
