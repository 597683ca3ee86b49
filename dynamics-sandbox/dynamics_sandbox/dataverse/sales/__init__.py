"""What Dynamics 365 Sales does by itself: catalogue, prices, totals, states of documents, conversions."""
