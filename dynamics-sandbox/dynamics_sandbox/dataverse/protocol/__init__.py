"""HTTP as the Web API uses it: addresses, preferences, conditions, batches, answers and dispatch."""
