"""Makes ``python -m dynamics_sandbox`` the same as the command ``dynamics-sandbox``."""

from __future__ import annotations

from dynamics_sandbox.cli import main

if __name__ == "__main__":
    main()
