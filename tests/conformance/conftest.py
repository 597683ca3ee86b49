"""What `make proof` runs: clients, checkers and databases that are not ours, against the sandbox and the connectors.

Not among the tests of `make test`, which need nothing but Python. Peers come from `tests/peers`.
"""
