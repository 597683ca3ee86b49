"""Floors: plain scripts that do the work of one of our programs with orjson and no framework."""
