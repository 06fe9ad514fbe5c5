"""Every way in which images come in: each reader beside the others.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
