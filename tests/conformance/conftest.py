"""What `make proof` runs: clients, checkers and databases that are not ours, against sandbox and connectors.

Not among the tests of `make test`, which need nothing but Python. Peers come from `tests/peers`.
"""
