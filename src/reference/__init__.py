"""Pages of reference that are generated from the code: for those who call the API, and for `docs/reference`.

It describes what `domain` and `handlers` do, and does nothing itself. No function imports it.
"""
