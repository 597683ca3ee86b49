"""Lets ``python -m tap_dynamics_fno`` do what the console command does."""

from __future__ import annotations

from tap_dynamics_fno.tap import main

main()
