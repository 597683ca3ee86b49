"""`python -m target_dynamics_cds`."""

from __future__ import annotations

from target_dynamics_cds.target import main

main()
