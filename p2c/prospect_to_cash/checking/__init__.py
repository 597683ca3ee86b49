"""`p2c check`: what must be so in Sales and F&O before a run can succeed, asked of themselves."""
