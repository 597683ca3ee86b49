"""What the Dynamics 365 Singer taps share, and what the targets share."""
