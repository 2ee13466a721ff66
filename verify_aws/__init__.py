"""`make verify-aws`: deploy a separate stack to AWS, try and measure it, delete it, and write down the results."""
