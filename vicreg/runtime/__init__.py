"""What the method runs on: devices, files, batches, and how failures are told.

Written with an AI coding assistant; see the report's section on automatic tools.
"""
