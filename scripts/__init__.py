"""Chores of the workspace that a Makefile line cannot say."""
