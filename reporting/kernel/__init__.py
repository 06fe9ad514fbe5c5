"""What runs in a chapter's own process.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
