"""Figures of the report, for the page and for a browser.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
