"""Chapters as they are written: cells, prose, calls, formulas.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
