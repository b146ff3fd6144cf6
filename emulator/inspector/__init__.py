"""The page of `python -m emulator`: what reached the gateway, from any SDK in any language.

calls.py keeps the newest calls, diagnosis.py finds out why a signature does not verify by trying
the strings of candidates.py, step.py puts a call into words, page.py serves static/inspector.js.
"""
