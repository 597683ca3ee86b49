"""Lets ``python -m tap_dynamics_sales`` do what the console command does."""

from __future__ import annotations

from tap_dynamics_sales.tap import main

main()
