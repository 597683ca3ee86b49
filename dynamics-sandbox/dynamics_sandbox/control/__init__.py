"""How people and tests control a running sandbox: faults, hooks, snapshots, seeds, clock, request log."""
