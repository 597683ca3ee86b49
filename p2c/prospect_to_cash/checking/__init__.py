"""`p2c check`: what must be so in the three systems before a run can succeed, asked of themselves."""
