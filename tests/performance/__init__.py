"""`make bench`: what our programs cost, side by side with floors and peers in one run."""
