"""Queries: filters to SQL, pages, projections, expansion, annotations and change tracking."""
